import { expect, test } from "vitest";
import { nodeTitle, repositoryOf, versionNode } from "./node";

const version = (namespace: string, name: string, partition = "", content: string | null = null) => ({
  namespace,
  name,
  partition,
  version: content,
});

// The API's own spelling: lineageflow_core/model/node.py.
test.each([
  [
    version("lf://flights", "daily/delays", "2013-07", "3f2a"),
    "version:lf://flights/daily/delays[2013-07]@3f2a",
  ],
  [version("lf://flights", "raw/weather", "", "3f2a"), "version:lf://flights/raw/weather@3f2a"],
  [version("postgres://db:5432", "public.orders"), "version:postgres://db:5432/public.orders"],
  [version("plain:a/b", "t"), "version:plain%3Aa%2Fb/t"],
  [version("lf://flights", "a@b[c]%", "x]@", "1@2"), "version:lf://flights/a%40b%5Bc%5D%25[x%5D%40]@1%402"],
])("a version is named as the API names it (%#)", (value, node) => expect(versionNode(value)).toBe(node));

test("a node reads short", () => {
  expect([
    nodeTitle(`version:lf://flights/daily/delays[2013-07]@${"3f2a91c0".padEnd(64, "0")}`),
    nodeTitle("version:lf://flights/a%40b"),
    nodeTitle("run:9f3c1122-0000-4000-8000-000000000000"),
    nodeTitle("lf://flights/@main"),
  ]).toEqual(["daily/delays [2013-07] @3f2a91c0", "a@b", "run 9f3c1122", "lf://flights/@main"]);
});

test("only our versions are in a repository", () => {
  expect([repositoryOf(version("lf://flights", "x")), repositoryOf(version("s3://bucket", "x"))]).toEqual([
    "flights",
    undefined,
  ]);
});
