// Runs every command of the README and of the pages in docs, and checks every configuration in them.
import t from 'tap';
import { runPages } from './run-page.ts';

await runPages(t, ['README.md', 'docs/*.md']);
