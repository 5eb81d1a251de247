import type { LiveState } from '../admin/state.ts';
import type { Options } from '../config/options.ts';
import type { AdminState, BackendOrder, OrderedBackend } from '../model/admin.ts';
import { parseWeight, ValueError } from '../model/parse-values.ts';
import { listFew } from '../model/text.ts';
import { nearest } from '../nearest.ts';
import { askAdmin, explainSilence } from './admin-client.ts';
import type { Given, Run } from './command.ts';
import { readOptions } from './configuration.ts';
import { EXIT_FAILURE, EXIT_USAGE, print, printError, type Terminal } from './terminal.ts';

/** Makes the command `fairlead drain|ready|maintenance BACKEND`. */
export function stateCommand(state: AdminState): Run {
  return async (given, terminal) => {
    const [subject] = given.operands;
    if (subject === undefined) {
      printError(`error: ${state} needs a backend: fairlead ${state} web-1`);
      return EXIT_USAGE;
    }
    return giveOrder(subject, { state }, given, terminal);
  };
}

/** Runs `fairlead weight BACKEND N|default`. */
export const weight: Run = async (given, terminal) => {
  const [subject, text] = given.operands;
  if (subject === undefined || text === undefined) {
    printError('error: weight needs a backend and a weight: fairlead weight web-1 3 (or default)');
    return EXIT_USAGE;
  }
  try {
    const order = { weight: text === 'default' ? text : parseWeight(text) } as const;
    return await giveOrder(subject, order, given, terminal);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    printError(`error: weight ${error.message}`);
    return EXIT_USAGE;
  }
};

async function giveOrder(
  subject: string,
  order: BackendOrder,
  given: Given,
  terminal: Terminal,
): Promise<number> {
  const loaded = readOptions(given.options, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const answer = await askAdmin(loaded.options, '/api/backends', { backend: subject, ...order });
  if (answer?.status === 404 || answer?.status === 400) {
    printError(`error: ${JSON.parse(answer.body).error}; ${await whatIsMeant(subject, loaded.options)}`);
    return EXIT_FAILURE;
  }
  if (answer?.status !== 200) {
    printError(`error: ${explainSilence(loaded.options, answer)}`);
    return EXIT_FAILURE;
  }
  const { backends } = JSON.parse(answer.body) as { backends: OrderedBackend[] };
  const said = order.state ?? `weight ${order.weight}`;
  print(...backends.map(({ name, service }) => `${name} of service ${service}: ${said}`));
  return 0;
}

/** Suggests what may have been meant by a name that no backend has. */
async function whatIsMeant(subject: string, options: Options): Promise<string> {
  const answer = await askAdmin(options, '/api/snapshot');
  const { services }: Pick<LiveState, 'services'> =
    answer?.status === 200 ? JSON.parse(answer.body) : { services: [] };
  const service = services.find(({ name }) => name === subject);
  const names = (service === undefined ? services : [service]).flatMap(({ backends }) =>
    backends.map(({ name }) => name),
  );
  if (service !== undefined)
    return `it is a service, of ${names.length === 0 ? 'no backends now' : `the backends ${listFew(names)}`}`;
  const meant = nearest(subject, names);
  return meant === undefined ? 'fairlead status names them all' : `did you mean ${meant}?`;
}
