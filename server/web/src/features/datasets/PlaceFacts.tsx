import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ObjectEntry } from "../../api/types";
import { Facts } from "../../ui/Facts";
import { formatCount, plural } from "../../ui/format";
import { Id } from "../../ui/Id";
import { Loaded } from "../../ui/Loaded";
import { Panel } from "../../ui/Panel";
import { Size } from "../../ui/Size";
import { datasetQuery, partitionsQuery, type Place, snapshotQuery } from "./queries";

interface PlaceFactsProps {
  repository: string;
  refName: string;
  path: string;
  place: Extract<Place, { dataset: string }>;
}

const TITLES = { dataset: "Dataset", inside: "Part of a dataset", object: "Object" };

/** What stands at a path, in numbers. */
export function PlaceFacts(props: PlaceFactsProps) {
  const { kind, dataset, object } = props.place;
  return (
    <Panel title={TITLES[kind]}>
      {kind === "dataset" ? (
        <DatasetFacts {...props} />
      ) : kind === "inside" || object === null ? (
        <PartFacts {...props} />
      ) : (
        <ObjectFacts dataset={dataset} object={object} />
      )}
    </Panel>
  );
}

function DatasetFacts({ repository, refName, path }: PlaceFactsProps) {
  const dataset = useQuery(datasetQuery(repository, refName, path));
  return (
    <Loaded query={dataset}>
      {(found) => (
        <Facts
          facts={[
            ["Snapshot", <Id key="id" value={found.snapshot} of="snapshot" />],
            ["Objects", plural(found.objects, "object")],
            ["Size", <Size key="size" bytes={found.size} />],
            [
              "Partitions",
              found.partition_depth === 0 ? (
                "none"
              ) : (
                <PartitionCount key="partitions" repository={repository} refName={refName} dataset={path} />
              ),
            ],
          ]}
        />
      )}
    </Loaded>
  );
}

/** How many partitions there are: at least, where they do not fit one page. */
function PartitionCount({
  repository,
  refName,
  dataset,
}: {
  repository: string;
  refName: string;
  dataset: string;
}) {
  const { data, hasNextPage } = useInfiniteQuery(partitionsQuery(repository, refName, dataset));
  return data && `${formatCount(data.length)}${hasNextPage ? " or more" : ""}`;
}

function PartFacts({ repository, refName, path, place }: PlaceFactsProps) {
  const snapshot = useQuery(snapshotQuery(repository, refName, path));
  return (
    <Loaded query={snapshot}>
      {(found) => (
        <Facts
          facts={[
            ["Dataset", place.dataset],
            ["Partition", found.partition === "" ? null : found.partition],
            ["Snapshot", <Id key="id" value={found.snapshot} of="snapshot" />],
            ["Objects", plural(found.objects, "object")],
            ["Size", <Size key="size" bytes={found.size} />],
          ]}
        />
      )}
    </Loaded>
  );
}

function ObjectFacts({ dataset, object }: { dataset: string; object: ObjectEntry }) {
  return (
    <Facts
      facts={[
        ["Dataset", dataset],
        ["Object", <Id key="id" value={object.object_id} of="object" />],
        ["Size", <Size key="size" bytes={object.size} />],
        ["Type", object.media_type],
        ...Object.entries(object.metadata ?? {}),
      ]}
    />
  );
}
