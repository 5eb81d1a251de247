import { createHash } from 'node:crypto';
import { Gauge, type Registry } from 'prom-client';
import { begin } from '../model/text.ts';

export type Labels = Readonly<Record<string, string | number>>;

/** One sample of a metric. */
export interface Sample {
  readonly value: number;
  readonly labels: Labels;
  /** The name of the part, for the parts of a histogram. */
  readonly metricName?: string;
}

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** Adds a metric to a registry. It is called `fairlead_` and the name; its samples are read at each scrape. */
export type Add = (type: MetricType, name: string, help: string, read: () => Iterable<Sample>) => void;

/** Makes the `Add` of a registry. */
export function addTo(registry: Registry): Add {
  return (type, name, help, read) => {
    new ReadMetric(registry, type, `fairlead_${name}`, help, read);
  };
}

/**
 * A metric whose samples are read when somebody asks: on the path of a request they are plain numbers. It is a gauge for
 * its place in the registry only. The library's own way, `collect`, would write each sample into a table by a hash of
 * its labels at each scrape, and has no way at all to set the parts of a histogram.
 */
class ReadMetric extends Gauge {
  readonly #type: MetricType;
  readonly #read: () => Iterable<Sample>;

  constructor(
    registry: Registry,
    type: MetricType,
    name: string,
    help: string,
    read: () => Iterable<Sample>,
  ) {
    super({ name, help, registers: [registry] });
    this.#type = type;
    this.#read = read;
  }

  override async get() {
    const gauge = await super.get();
    // Declared as an enum of numbers, but the registry writes the text that it finds.
    const type = this.#type as unknown as typeof gauge.type;
    return { ...gauge, type, values: Array.from(this.#read(), bounded) };
  }
}

/** The longest value of a label, in characters: names of services come from labels of containers. */
const MAX_LABEL = 200;

/** Shortens the values of labels to what a database takes; a hash of the whole keeps shortened ones apart. */
function bounded(sample: Sample): Sample {
  const isLong = Object.values(sample.labels).some(
    (text) => typeof text === 'string' && text.length > MAX_LABEL,
  );
  if (!isLong) return sample;
  const labels = Object.entries(sample.labels).map(([label, text]) => [label, shortened(String(text))]);
  return { ...sample, labels: Object.fromEntries(labels) };
}

function shortened(text: string): string {
  if (text.length <= MAX_LABEL) return text;
  return `${begin(text, MAX_LABEL)}${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

/** The only sample of a metric without labels. */
export function single(value: number): Sample[] {
  return [{ labels: {}, value }];
}

/**
 * The samples of a histogram.
 * @param name the full name of the metric
 * @param bounds in seconds
 * @param counts one count for each bound, and one more for what is above all of them
 */
export function* histogram(
  name: string,
  labels: Labels,
  bounds: readonly number[],
  counts: readonly number[],
  sumMs: number,
): Iterable<Sample> {
  let count = 0;
  for (const [i, bound] of bounds.entries()) {
    count += counts[i] ?? 0;
    yield { metricName: `${name}_bucket`, labels: { le: bound, ...labels }, value: count };
  }
  count += counts[bounds.length] ?? 0;
  yield { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count };
  yield { metricName: `${name}_sum`, labels, value: sumMs / 1_000 };
  yield { metricName: `${name}_count`, labels, value: count };
}
