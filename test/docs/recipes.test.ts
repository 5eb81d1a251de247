// Runs every command of docs/recipes, and checks every configuration in it.
import t from 'tap';
import { runPages } from './run-page.ts';

await runPages(t, 'docs/recipes/*.md');
