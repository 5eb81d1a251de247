import type { Program } from '../../model/contribution.ts';
import { PROJECT_LABEL, SERVICE_LABEL } from './labels/ruling.ts';
import type { Workload } from './workload.ts';

/**
 * The program of a workload; undefined unless Compose made the workload and its image has a name. An Engine lists the id of
 * an image instead of its name once another image has taken the name over.
 */
export function programOf({ image, labels }: Pick<Workload, 'image' | 'labels'>): Program | undefined {
  const [project, service] = [labels[PROJECT_LABEL], labels[SERVICE_LABEL]];
  if (!project || !service || image === '' || /^(?:sha256:)?[\da-f]{12,}$/.test(image)) return undefined;
  return { repository: repositoryOf(image), deployedAs: `${project}/${service}` };
}

/** The name of an image without tag, digest and default registry, as people write it. */
function repositoryOf(image: string): string {
  return image
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .replace(/^(?:index\.)?docker\.io\//, '')
    .replace(/^library\//, '');
}
