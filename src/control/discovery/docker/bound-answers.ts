import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { addAbortSignal } from 'node:stream';
import type Docker from 'dockerode';
import { shorten } from '../../../model/text.ts';
import { EngineRefusal } from './engine-error.ts';
import { JsonEntries } from './json-entries.ts';

/** How long a question to the Engine may take, in milliseconds; the stream of events is not limited. */
const QUESTION_MS = 10_000;
/** The longest answer, in bytes: enough for some 20,000 containers. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** The paths of questions whose answer is a list. */
const LIST = /\/(?:containers\/json|networks)(?:\?|$)/;
/** How much of the answer is read when the Engine refuses, in bytes. */
const MAX_REFUSAL = 4_096;
/** A silent connection is probed by TCP keep-alive after so long, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** The part of dockerode's modem that sends questions. */
interface Modem {
  readonly protocol: string;
  buildRequest(
    options: RequestOptions,
    question: { readonly isStream?: boolean | undefined },
    body: unknown,
    callback: (error: unknown, answer: unknown) => void,
  ): void;
}

/**
 * Replaces how dockerode sends requests, so that answers are bounded in size and time. Its own requests have no bound, and
 * follow redirects, which ends the process if a redirect leads nowhere.
 */
export function boundAnswers(docker: Docker): Docker {
  const modem = docker.modem as unknown as Modem;
  modem.buildRequest = (options, question, _body, callback) => {
    ask(modem.protocol, options, question.isStream === true).then(
      (answer) => callback(null, answer),
      (error) => callback(error, null),
    );
  };
  return docker;
}

/** Sends a question; returns the value of the answer, or for events the stream of them. */
function ask(protocol: string, options: RequestOptions, isStream: boolean): Promise<unknown> {
  const signal = isStream ? options.signal : AbortSignal.timeout(QUESTION_MS);
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage) => {
      if (signal !== undefined) addAbortSignal(signal, response);
      if (response.statusCode !== 200) {
        collect(response, MAX_REFUSAL).then(
          ({ text }) => reject(refusal(response, text, options.path ?? '')),
          reject,
        );
      } else if (isStream) resolve(response);
      else answerOf(response, LIST.test(options.path ?? '')).then(resolve, reject);
    };
    const { request } = protocol === 'https' ? https : http;
    const sent: ClientRequest = request({ ...options, ...(signal && { signal }) }, onResponse);
    sent.on('error', reject);
    sent.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    sent.end();
  });
}

/** Reads an answer. A list is parsed entry by entry, because it may be long. */
async function answerOf(response: IncomingMessage, isList: boolean): Promise<unknown> {
  if (!isList) return parseAnswer(await collect(response, MAX_ANSWER));
  const list = new JsonEntries();
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      list.push(piece);
      if (list.kept > MAX_ANSWER) throw tooLong();
    }
    return list.end();
  } catch (error) {
    throw error instanceof SyntaxError ? new Error('its answer is no list: is that a Docker Engine?') : error;
  }
}

function tooLong(): Error {
  return new Error(`its answer has more than ${MAX_ANSWER >> 20} MB`);
}

function parseAnswer({ text, isWhole }: { readonly text: string; readonly isWhole: boolean }): unknown {
  if (!isWhole) throw tooLong();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('its answer is no JSON: is that a Docker Engine?');
  }
}

function refusal({ statusCode = 0 }: IncomingMessage, text: string, path: string): Error {
  let reason = text;
  try {
    const { message } = JSON.parse(text);
    if (typeof message === 'string') reason = message;
  } catch {
    // An answer that is not an Engine's is shown as it is.
  }
  return new EngineRefusal(statusCode, path, shorten(reason.replace(/\s+/g, ' ').trim(), 200));
}

/** Collects the text of a response up to a limit, in one buffer, however small its pieces are. */
async function collect(
  response: IncomingMessage,
  limit: number,
): Promise<{ text: string; isWhole: boolean }> {
  let buffer = Buffer.allocUnsafe(Math.min(limit, 16_384));
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (length + piece.length > limit) return { text: buffer.toString('utf8', 0, length), isWhole: false };
    if (length + piece.length > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(limit, 2 * (length + piece.length)));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
    length += piece.copy(buffer, length);
  }
  return { text: buffer.toString('utf8', 0, length), isWhole: true };
}
