import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** A view of the page that its address remembers: one of `allowed`; the fallback is left out of the address. */
export function useUrlState<Value extends string>(
  name: string,
  allowed: readonly Value[],
  fallback: Value,
): [Value, (value: Value) => void] {
  const [text, setText] = useUrlText(name);
  const value = allowed.find((each) => each === text) ?? fallback;
  const setValue = useCallback(
    (next: Value) => setText(next === fallback ? null : next),
    [setText, fallback],
  );
  return [value, setValue];
}

/** Any text that the address remembers. */
export function useUrlText(name: string): [string | null, (value: string | null) => void] {
  const [search, setSearch] = useSearchParams();
  const setText = useCallback(
    (value: string | null) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          if (value === null) after.delete(name);
          else after.set(name, value);
          return after;
        },
        { replace: true, preventScrollReset: true },
      ),
    [name, setSearch],
  );
  return [search.get(name), setText];
}

/** A set of names that the address remembers: what is unfolded. */
export function useUrlSet(name: string): [ReadonlySet<string>, (member: string) => void] {
  const [search, setSearch] = useSearchParams();
  const members = new Set(search.getAll(name));
  const toggle = useCallback(
    (member: string) =>
      setSearch((before) => toggled(before, name, member), { replace: true, preventScrollReset: true }),
    [name, setSearch],
  );
  return [members, toggle];
}

/** The same query with `member` added to the set `name`, or taken out of it. */
export function toggled(before: URLSearchParams, name: string, member: string): URLSearchParams {
  const after = new URLSearchParams(before);
  if (after.has(name, member)) after.delete(name, member);
  else after.append(name, member);
  return after;
}
