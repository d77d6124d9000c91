import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter, useLocation } from "react-router";
import { expect, test } from "vitest";
import { toggled, useUrlState } from "./urlState";

const VIEWS = ["graph", "table"] as const;

function at(url: string) {
  const wrapper = ({ children }: { children: ReactNode }) => (
    <MemoryRouter initialEntries={[url]}>{children}</MemoryRouter>
  );
  return renderHook(() => ({ state: useUrlState("view", VIEWS, "graph"), search: useLocation().search }), {
    wrapper,
  }).result;
}

test.each([
  ["/lineage?view=table", "table"],
  ["/lineage?view=nonsense", "graph"],
  ["/lineage", "graph"],
])("%s shows the %s", (url, view) => expect(at(url).current.state[0]).toBe(view));

test("a choice goes into the address beside what is there", () => {
  const result = at("/lineage?node=run:1");
  act(() => result.current.state[1]("table"));
  expect(result.current.search).toBe("?node=run%3A1&view=table");
});

test("the fallback leaves no trace in the address", () => {
  const result = at("/lineage?view=table&node=x");
  act(() => result.current.state[1]("graph"));
  expect(result.current.search).toBe("?node=x");
});

test("a set gains a member and loses it again", () => {
  const once = toggled(new URLSearchParams("open=a"), "open", "b/c");
  expect([once.toString(), toggled(once, "open", "a").toString()]).toEqual([
    "open=a&open=b%2Fc",
    "open=b%2Fc",
  ]);
});
