// For `node --import`: tells on standard error, when the process exits, which libraries were loaded.
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded = new Set<string>();
registerHooks({
  load(url, context, nextLoad) {
    const [, library] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
    if (library !== undefined) loaded.add(library);
    else if (url.startsWith('node:http') || url === 'node:tls') loaded.add(url);
    return nextLoad(url, context);
  },
});
process.on('exit', () => {
  writeSync(2, `libraries: ${[...loaded].sort().join(' ')}\n`);
});
