import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Blame } from "../../api/types";
import { Facts } from "../../ui/Facts";
import { plural, shortId } from "../../ui/format";
import { Id } from "../../ui/Id";
import { Loaded } from "../../ui/Loaded";
import { Panel } from "../../ui/Panel";
import { Time } from "../../ui/Time";
import { urls } from "../../urls";
import { versionNode } from "../lineage/node";
import { RunStatus } from "../runs/RunStatus";
import classes from "./BlameCard.module.css";
import { blameQuery } from "./queries";

interface BlameCardProps {
  repository: string;
  refName: string;
  path: string;
}

/** Who made what is at a path: the commit, the run, its code, and what it read; and the ways on from there. */
export function BlameCard({ repository, refName, path }: BlameCardProps) {
  const blame = useQuery(blameQuery(repository, refName, path));
  return (
    <Panel title="Who made this">
      <Loaded query={blame}>{(found) => <BlameFacts repository={repository} blame={found} />}</Loaded>
    </Panel>
  );
}

function BlameFacts({ repository, blame }: { repository: string; blame: Blame }) {
  const { run, version } = blame;
  const node = versionNode(version);
  return (
    <>
      <Facts
        facts={[
          [
            "Made by",
            run ? (
              <Link to={urls.run(run.id)}>{run.job.name}</Link>
            ) : (
              <span>{blame.made_by ?? blame.author}, not a recorded run</span>
            ),
          ],
          ["State", run && <RunStatus state={run.state} />],
          ["When", run?.ended_at == null ? null : <Time value={run.ended_at} />],
          ["Partition", version.partition === "" ? null : version.partition],
          [
            "Code",
            run?.code == null ? null : <code title={run.code.revision}>{shortId(run.code.revision)}</code>,
          ],
          [
            "Pipeline",
            blame.pipeline == null ? null : (
              <Id value={blame.pipeline} of="run" to={urls.run(blame.pipeline)} />
            ),
          ],
          [
            "Commit",
            <Id key="commit" value={blame.commit} of="commit" to={urls.commit(repository, blame.commit)} />,
          ],
          ["Read", blame.inputs.length === 0 ? null : plural(blame.inputs.length, "version")],
        ]}
      />
      <Group gap={6} className={classes.ways ?? ""}>
        <Button
          component={Link}
          to={urls.lineage({ node, dir: "upstream" })}
          variant="default"
          size="compact-xs"
          leftSection={<IconArrowLeft size={13} aria-hidden />}
        >
          Made from
        </Button>
        <Button
          component={Link}
          to={urls.lineage({ node, dir: "downstream" })}
          variant="default"
          size="compact-xs"
          rightSection={<IconArrowRight size={13} aria-hidden />}
        >
          Used by
        </Button>
      </Group>
    </>
  );
}
