import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconFocusCentered, IconFolderOpen } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Version } from "../../api/types";
import { Facts } from "../../ui/Facts";
import { Id } from "../../ui/Id";
import { urls } from "../../urls";
import { transactionQuery } from "../runs/queries";
import { stepName } from "../runs/steps";
import classes from "./details.module.css";
import { wordsOf } from "./evidence";
import { type Graph, neighbours, type PlacedNode, type Taint } from "./graph";
import { repositoryOf } from "./node";
import { Tainted } from "./Tainted";

interface VersionDetailsProps {
  node: PlacedNode & { version: Version };
  graph: Graph;
  taint: Taint | undefined;
  focusUrl: (id: string) => string;
  onSelect: (id: string) => void;
}

/** A version: what it is, which runs made and read it, and where its data is. */
export function VersionDetails({ node, graph, taint, focusUrl, onSelect }: VersionDetailsProps) {
  const { version } = node;
  const { before, behind } = neighbours(graph, node.id);
  const words = (source: string, target: string) => {
    const edge = graph.edges.find((each) => each.source === source && each.target === target);
    return edge === undefined ? "" : wordsOf(edge);
  };
  const current = taint?.current.get(node.id);
  const isTainted = taint?.nodes.has(node.id) === true;
  return (
    <>
      <Facts
        facts={[
          ["Dataset", version.name],
          ["Namespace", version.namespace],
          ["Partition", version.partition === "" ? null : version.partition],
          ["Snapshot", version.version === null ? "unknown" : <Id value={version.version} of="snapshot" />],
          ["Type", node.dataset_type?.toLowerCase() ?? null],
          ["Trust", isTainted ? <Tainted /> : null],
          [
            "Current on",
            current === undefined
              ? null
              : current.length === 0
                ? "no branch: already replaced"
                : current.join(", "),
          ],
        ]}
      />
      <div className={classes.actions}>
        <Button
          component={Link}
          to={focusUrl(node.id)}
          variant="default"
          size="compact-xs"
          leftSection={<IconFocusCentered size={13} aria-hidden />}
        >
          Focus
        </Button>
        <OpenData version={version} makers={before} />
      </div>
      <Neighbours title="Made by" nodes={before} words={(id) => words(id, node.id)} onSelect={onSelect} />
      <Neighbours title="Read by" nodes={behind} words={(id) => words(node.id, id)} onSelect={onSelect} />
    </>
  );
}

/** The commit that published the version, if a run of ours that is in the graph made it. */
function OpenData({ version, makers }: { version: Version; makers: readonly PlacedNode[] }) {
  const repository = repositoryOf(version);
  const maker = makers.find(({ run }) => run !== null)?.run;
  const pipeline = maker?.parent ?? maker?.id;
  const enabled = repository !== undefined && pipeline !== undefined;
  const transaction = useQuery({ ...transactionQuery(repository ?? "", pipeline ?? ""), enabled });
  if (repository === undefined || transaction.data == null) return null;
  const { published, state, run_id } = transaction.data;
  const ref = published ?? (state === "expired" ? null : `run:${run_id}`);
  if (ref === null) return null;
  const path = version.partition === "" ? version.name : `${version.name}/${version.partition}`;
  return (
    <>
      <Button
        component={Link}
        to={urls.tree(repository, ref, path)}
        variant="default"
        size="compact-xs"
        leftSection={<IconFolderOpen size={13} aria-hidden />}
      >
        Open data
      </Button>
      {published !== null && (
        <Button component={Link} to={urls.commit(repository, published)} variant="default" size="compact-xs">
          Its commit
        </Button>
      )}
    </>
  );
}

interface NeighboursProps {
  title: string;
  nodes: readonly PlacedNode[];
  /** How the edge from or to a node is known. */
  words: (id: string) => string;
  onSelect: (id: string) => void;
}

function Neighbours({ title, nodes, words, onSelect }: NeighboursProps) {
  if (nodes.length === 0) return null;
  return (
    <section>
      <h3 className={classes.heading}>{title}</h3>
      <ul className={classes.list}>
        {nodes.map(({ id, run, job }) => (
          <li key={id}>
            <button type="button" className={classes.pick} onClick={() => onSelect(id)}>
              {run ? stepName(run) : (job?.name ?? id)}
            </button>
            {run && <Id value={run.id} of="run" to={urls.run(run.id)} />}
            <span className={classes.known}>{words(id)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
