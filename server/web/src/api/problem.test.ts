import { expect, test } from "vitest";
import { problemOf } from "./problem";

test("a problem keeps the server's own words", async () => {
  const body = {
    type: "about:blank",
    title: "Not found",
    status: 404,
    detail: "no ref 'x'",
    kind: "ref_not_found",
  };
  const problem = await problemOf(Response.json(body, { status: 404 }));
  expect([problem.message, problem.kind, problem.isNotFound, problem.isTransient]).toEqual([
    "no ref 'x'",
    "ref_not_found",
    true,
    false,
  ]);
});

test.each(["<html>Bad gateway</html>", "{}", "null"])("an answer of %s is still a problem", async (text) => {
  const problem = await problemOf(new Response(text, { status: 502, statusText: "Bad Gateway" }));
  expect([problem.title, problem.message, problem.isTransient]).toEqual([
    "The server answered 502",
    "Bad Gateway.",
    true,
  ]);
});
