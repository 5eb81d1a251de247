import { runGroup } from '../support/parts.ts';

runGroup('data');
