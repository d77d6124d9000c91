import { Link } from "react-router";
import { shortId } from "../../ui/format";
import { urls } from "../../urls";
import { nodeTitle } from "../lineage/node";

/** What a plan says was bad, as a way to it where it is one thing that has a page. */
export function TargetLink({ target }: { target: string }) {
  if (target.startsWith("plan:")) {
    const plan = target.slice("plan:".length);
    return <Link to={urls.plan(plan)}>{`plan ${shortId(plan)}`}</Link>;
  }
  const isOne = !target.includes(", ");
  if (isOne && target.startsWith("run:"))
    return (
      <Link to={urls.run(target.slice("run:".length))} title={target}>
        {nodeTitle(target)}
      </Link>
    );
  if (isOne && /^(lf|version):/.test(target))
    return (
      <Link to={urls.lineage({ node: target })} title={target}>
        {nodeTitle(target)}
      </Link>
    );
  return <b>{target}</b>;
}
