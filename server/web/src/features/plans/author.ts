import { useLocalStorage } from "@mantine/hooks";

/** Who commits made on this page are by, until there is a login: remembered by the browser. */
export function useAuthor() {
  const [author, setAuthor] = useLocalStorage({ key: "lineageflow-author", defaultValue: "web" });
  return [author, setAuthor] as const;
}
