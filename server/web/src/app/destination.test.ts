import { expect, test } from "vitest";
import { destination } from "./destination";

const RUN = "9f3c1122-0000-4000-8000-00000000000a";

test.each([
  [` run:${RUN.toUpperCase()} `, `/runs/${RUN}`],
  ["lf://flights", "/r/flights"],
  ["lf://flights/", "/r/flights"],
  ["lf://flights/@v1", "/r/flights/tree/v1"],
  ["lf://flights/@main~1/daily/delays", "/r/flights/tree/main~1/daily/delays"],
  ["lf://flights/daily/delays/", "/r/flights?path=daily%2Fdelays"],
  [
    "version:lf://flights/daily/delays@3f2a",
    "/lineage?node=version%3Alf%3A%2F%2Fflights%2Fdaily%2Fdelays%403f2a",
  ],
])("%s leads to %s", (name, url) => expect(destination(name)).toBe(url));

test.each(["", "flights", "run:9f3c", "https://example.org/x"])("%j leads nowhere", (name) => {
  expect(destination(name)).toBeUndefined();
});
