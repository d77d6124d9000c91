/** Where everything is on this page: the one place that spells addresses. Path = noun, query = view. */

export const urls = {
  repositories: () => "/",
  /** The data at the tip of the default branch, whichever that is. */
  repository: (repository: string, path?: string) => `${inRepository(repository)}${search({ path })}`,
  tree: (repository: string, ref: string, path = "") =>
    `${inRepository(repository)}/tree/${segment(ref)}${tail(path)}`,
  commits: (repository: string, ref: string) => `${inRepository(repository)}/commits/${segment(ref)}`,
  commit: (repository: string, id: string) => `${inRepository(repository)}/commit/${segment(id)}`,
  repositoryLineage: (repository: string, ref: string) =>
    `${inRepository(repository)}/lineage/${segment(ref)}`,
  runs: (repository: string, query: Query = {}) => `${inRepository(repository)}/runs${search(query)}`,
  rollback: (repository: string, query: Query = {}) => `${inRepository(repository)}/rollback${search(query)}`,
  lineage: (query: Query = {}) => `/lineage${search(query)}`,
  run: (id: string) => `/runs/${segment(id)}`,
  plan: (id: string) => `/plans/${segment(id)}`,
  /** An object's bytes, from the API. */
  download: (repository: string, object: string, name: string) =>
    `/api/v1/repositories/${segment(repository)}/objects/${segment(object)}${search({ name })}`,
};

export type Query = Record<string, string | undefined>;

/** `lf://repository/@ref/path`: a dataset, partition or object at a ref. */
export function address(repository: string, path: string, ref?: string): string {
  return `lf://${[repository, ...(ref === undefined ? [] : [`@${ref}`]), ...(path === "" ? [] : [path])].join("/")}`;
}

function inRepository(repository: string): string {
  return `/r/${segment(repository)}`;
}

function segment(text: string): string {
  return encodeURIComponent(text).replace(/%3A/g, ":").replace(/%40/g, "@");
}

function tail(path: string): string {
  return path === "" ? "" : `/${path.split("/").map(segment).join("/")}`;
}

function search(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") params.set(name, value);
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
