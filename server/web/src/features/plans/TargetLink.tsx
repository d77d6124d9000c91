import { Link } from "react-router";
import { urls } from "../../urls";
import { nodeTitle } from "../lineage/node";

/** What a plan says was bad, as a way to it. */
export function TargetLink({ target }: { target: string }) {
  const to = target.startsWith("run:")
    ? urls.run(target.slice("run:".length))
    : urls.lineage({ node: target });
  return (
    <Link to={to} title={target}>
      {nodeTitle(target)}
    </Link>
  );
}
