import { IconFolderOpen, IconGitCommit, IconGitMerge } from "@tabler/icons-react";
import { ActionIcon, Tooltip } from "@mantine/core";
import { Link } from "react-router";
import type { Commit } from "../../api/types";
import { shortId } from "../../ui/format";
import { Id } from "../../ui/Id";
import { Time } from "../../ui/Time";
import { urls } from "../../urls";
import classes from "./CommitRow.module.css";
import { MergeBadge } from "./MergeBadge";
import { headline } from "./message";
import { RunChip } from "../runs/RunChip";

/** One commit of a timeline. */
export function CommitRow({ repository, commit }: { repository: string; commit: Commit }) {
  const isMerge = commit.parents.length > 1;
  const Glyph = isMerge ? IconGitMerge : IconGitCommit;
  const browse = `Browse the data at ${shortId(commit.id)}`;
  return (
    <li className={classes.row}>
      <Glyph size={16} stroke={1.6} className={classes.glyph} aria-hidden />
      <div className={classes.text}>
        <div className={classes.headline}>
          <Link to={urls.commit(repository, commit.id)} className={classes.message}>
            {headline(commit.message)}
          </Link>
          {isMerge && <MergeBadge />}
        </div>
        <div className={classes.by}>
          <span>{commit.author}</span>
          <Time value={commit.created_at} />
          {commit.run_id != null && <RunChip id={commit.run_id} />}
        </div>
      </div>
      <Id value={commit.id} of="commit" to={urls.commit(repository, commit.id)} />
      <Tooltip label={browse}>
        <ActionIcon component={Link} to={urls.tree(repository, commit.id)} aria-label={browse}>
          <IconFolderOpen size={16} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
    </li>
  );
}
