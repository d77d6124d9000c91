import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { CodeVersion, Run } from "../../api/types";
import { Copy } from "../../ui/Copy";
import { Facts } from "../../ui/Facts";
import { Id } from "../../ui/Id";
import { Loaded } from "../../ui/Loaded";
import { Panel } from "../../ui/Panel";
import { Duration, Time } from "../../ui/Time";
import { urls } from "../../urls";
import { transactionQuery } from "./queries";
import { TransactionStatus } from "./RunStatus";
import classes from "./RunFacts.module.css";

/** What is known of a run beside its data. */
export function RunFacts({ run, repository }: { run: Run; repository: string | undefined }) {
  return (
    <aside className={classes.facts} aria-label="About this run">
      <Panel title="Run">
        <Facts
          facts={[
            ["Job", `${run.job.namespace} / ${run.job.name}`],
            ["Started", run.started_at == null ? null : <Time value={run.started_at} />],
            [
              "Duration",
              run.started_at == null ? null : <Duration start={run.started_at} end={run.ended_at} />,
            ],
            [
              "Step of",
              run.parent == null ? null : <Id value={run.parent} of="run" to={urls.run(run.parent)} />,
            ],
          ]}
        />
      </Panel>
      {repository !== undefined && <TransactionPanel repository={repository} runId={run.parent ?? run.id} />}
      <Panel title="Code">
        {run.code == null ? (
          <span className="dim">This run did not say which code it ran.</span>
        ) : (
          <Code code={run.code} />
        )}
      </Panel>
      <Names title="Parameters" values={run.params} />
      <Names title="Environment" values={run.environment} />
    </aside>
  );
}

/** What became of the data that the whole pipeline's run wrote. */
function TransactionPanel({ repository, runId }: { repository: string; runId: string }) {
  const transaction = useQuery(transactionQuery(repository, runId));
  if (transaction.data === null) return null;
  return (
    <Panel title="Data">
      <Loaded query={transaction}>
        {(found) =>
          found && (
            <Facts
              facts={[
                ["State", <TransactionStatus key="state" state={found.state} />],
                [
                  "Into",
                  <Link key="into" to={urls.commits(repository, found.into)}>
                    {found.into}
                  </Link>,
                ],
                [
                  "Read from",
                  <Id key="base" value={found.base} of="commit" to={urls.commit(repository, found.base)} />,
                ],
                [
                  "Commit",
                  found.published == null ? null : (
                    <Id value={found.published} of="commit" to={urls.commit(repository, found.published)} />
                  ),
                ],
                [
                  "Branch",
                  found.head == null || found.state === "expired" ? null : (
                    <Link to={urls.tree(repository, `run:${runId}`)}>Look at what it wrote</Link>
                  ),
                ],
                [
                  "Expires",
                  found.state === "discarded" || found.state === "open" ? (
                    <Time value={found.expires_at} />
                  ) : null,
                ],
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Code({ code }: { code: CodeVersion }) {
  const [revision, changes] = code.revision.split("+");
  return (
    <Facts
      facts={[
        ["Revision", <Id key="revision" value={revision ?? code.revision} of="code" />],
        ["Changes", changes === undefined ? null : "The work tree differed from this revision."],
        ["Branch", code.branch],
        ["File", code.path == null ? null : <code>{code.path}</code>],
        ["Origin", code.repository_url == null ? null : <CodeOrigin url={code.repository_url} />],
      ]}
    />
  );
}

/** An address that an event names is shown and copied, never followed: it could be any. */
function CodeOrigin({ url }: { url: string }) {
  return (
    <span>
      <span className={classes.origin}>{url}</span> <Copy value={url} label="Copy address of the code" />
    </span>
  );
}

function Names({ title, values }: { title: string; values: Record<string, string> | undefined }) {
  const entries = Object.entries(values ?? {}).toSorted(([left], [right]) => left.localeCompare(right));
  if (entries.length === 0) return null;
  return (
    <Panel title={title}>
      <Facts facts={entries.map(([name, value]) => [name, <code key={name}>{value}</code>] as const)} />
    </Panel>
  );
}
