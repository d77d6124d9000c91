import { matchRoutes } from "react-router";
import { expect, test } from "vitest";
import { address, urls } from "./urls";

test.each(["daily/delays/2013-07", "a b/ü/100%25/c#d?e", "dt=2026-01-01/part 0.parquet"])(
  "the router reads the path %s back as it was",
  (path) => {
    const url = new URL(urls.tree("flights", "main~1", path), "http://page");
    const match = matchRoutes([{ path: "/r/:repository/tree/:ref/*" }], url);
    expect(match?.[0]?.params).toEqual({ repository: "flights", ref: "main~1", "*": path });
  },
);

test("refs keep the characters that people write them with", () => {
  expect(urls.tree("flights", "run:9f3c")).toBe("/r/flights/tree/run:9f3c");
  expect(urls.tree("flights", "main@{2026-05-01}")).toBe("/r/flights/tree/main@%7B2026-05-01%7D");
});

test("a query leaves out what is not set", () => {
  expect(urls.lineage({ node: "run:9f3c", dir: undefined, depth: "" })).toBe("/lineage?node=run%3A9f3c");
});

test("an address has the ref in front of the path", () => {
  expect([
    address("flights", "daily/delays", "main"),
    address("flights", "daily/delays"),
    address("flights", ""),
  ]).toEqual(["lf://flights/@main/daily/delays", "lf://flights/daily/delays", "lf://flights"]);
});
