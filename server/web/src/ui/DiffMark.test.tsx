import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { MovedPath } from "./DiffMark";

afterEach(cleanup);

const text = (from: string | null | undefined) =>
  render(<MovedPath from={from} to={<a href="/">new/a.csv</a>} />).container.textContent;

test("what moved tells from where", () => {
  expect(text("old/a.csv")).toBe("old/a.csv → new/a.csv");
});

test.each([null, undefined])("what did not move is only where it is", (from) => {
  expect(text(from)).toBe("new/a.csv");
});
