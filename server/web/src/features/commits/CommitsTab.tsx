import { useInfiniteQuery } from "@tanstack/react-query";
import { useNews } from "../../api/live";
import { News } from "../../ui/News";
import { useRequiredParam } from "../../ui/useRequiredParam";
import { Loaded } from "../../ui/Loaded";
import { ShowMore } from "../../ui/PagedTable";
import { Panel } from "../../ui/Panel";
import { useNow } from "../../ui/useNow";
import { CommitRow } from "./CommitRow";
import classes from "./CommitsTab.module.css";
import { byDay } from "./days";
import { logQuery } from "./queries";

/** The history of a ref, newest first, by day. */
export function CommitsTab() {
  const repository = useRequiredParam("repository");
  const ref = useRequiredParam("ref");
  const log = useInfiniteQuery(logQuery(repository, ref));
  const now = useNow();
  const shown = new Set(log.data?.map((commit) => commit.id));
  const heard = useNews(repository, "commit").filter((entry) => entry.ref === ref && !shown.has(entry.id));
  return (
    <Loaded query={log}>
      {(commits) => (
        <div className={classes.timeline}>
          <News count={new Set(heard.map((entry) => entry.id)).size} onShow={() => void log.refetch()} />
          {byDay(commits, now).map((day) => (
            <section key={day.label} aria-label={day.label}>
              <h2 className={classes.day}>{day.label}</h2>
              <Panel flush>
                <ol className={classes.commits}>
                  {day.commits.map((commit) => (
                    <CommitRow key={commit.id} repository={repository} commit={commit} />
                  ))}
                </ol>
              </Panel>
            </section>
          ))}
          <ShowMore query={log} />
        </div>
      )}
    </Loaded>
  );
}
