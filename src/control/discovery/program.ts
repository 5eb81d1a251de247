import type { Program } from '../../model/contribution.ts';
import { PROJECT_LABEL, SERVICE_LABEL } from './labels/allow.ts';
import type { Workload } from './workload.ts';

/**
 * What a workload runs, where Compose made it and its image has a name: an Engine lists an id where the name has moved on.
 */
export function programOf({ image, labels }: Pick<Workload, 'image' | 'labels'>): Program | undefined {
  const [project, service] = [labels[PROJECT_LABEL], labels[SERVICE_LABEL]];
  if (!project || !service || image === '' || /^(?:sha256:)?[\da-f]{12,}$/.test(image)) return undefined;
  return { repository: repositoryOf(image), deployedAs: `${project}/${service}` };
}

/** The name of an image without tag and digest, as people write it. */
function repositoryOf(image: string): string {
  return image
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .replace(/^(?:index\.)?docker\.io\//, '')
    .replace(/^library\//, '');
}
