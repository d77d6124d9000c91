import { useParams } from "react-router";

/** A part of the address that the route cannot match without. */
export function useRequiredParam(name: string): string {
  const value = useParams()[name];
  if (value === undefined) throw new Error(`the route has no parameter '${name}'`);
  return value;
}
