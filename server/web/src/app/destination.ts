import { urls } from "../urls";

/** Where a pasted name leads; undefined where it is none that this page knows. */
export function destination(text: string): string | undefined {
  const name = text.trim();
  if (/^run:[0-9a-f-]{36}$/i.test(name)) return urls.run(name.slice("run:".length).toLowerCase());
  if (/^(?:version|job):./.test(name)) return urls.lineage({ node: name });
  const parts = /^lf:\/\/(?<repository>[^/]+)(?:\/@(?<ref>[^/]+))?(?:\/(?<path>.+?))?\/?$/.exec(name)?.groups;
  const repository = parts?.repository;
  if (repository === undefined) return undefined;
  const ref = parts?.ref;
  const path = parts?.path;
  return ref === undefined ? urls.repository(repository, path) : urls.tree(repository, ref, path);
}
