import { Button, TextInput } from "@mantine/core";
import { IconArrowsMaximize, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { plural, shortId } from "../../ui/format";
import classes from "./details.module.css";
import type { PlacedNode } from "./graph";
import type { Group } from "./groups";
import { Tainted } from "./Tainted";

interface GroupDetailsProps {
  group: Group;
  focusUrl: (id: string) => string;
  onUnfold: () => void;
}

/** The members of a group, to find one in. */
export function GroupDetails({ group, focusUrl, onUnfold }: GroupDetailsProps) {
  const [text, setText] = useState("");
  const found = group.members.filter((member) =>
    memberText(member).toLowerCase().includes(text.toLowerCase()),
  );
  return (
    <>
      <div className="dim">
        {group.kind === "run"
          ? `${plural(group.members.length, "run")} of this job`
          : `${plural(group.members.length, "version")} of this dataset`}
        , drawn as one. {group.tainted && <Tainted />}
      </div>
      <div className={classes.actions}>
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconArrowsMaximize size={13} aria-hidden />}
          onClick={onUnfold}
        >
          Draw each
        </Button>
      </div>
      <TextInput
        aria-label="Find a member"
        placeholder="Find"
        leftSection={<IconSearch size={13} aria-hidden />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <ul className={classes.list}>
        {found.map((member) => (
          <li key={member.id}>
            <Link to={focusUrl(member.id)}>{memberName(member)}</Link>
            <code className="dim">{shortId(memberContent(member))}</code>
          </li>
        ))}
      </ul>
      {found.length === 0 && <span className="dim">No member is like that.</span>}
    </>
  );
}

function memberName({ version, run }: PlacedNode): string {
  if (version) return version.partition === "" ? "whole dataset" : version.partition;
  return run?.params.partition ?? run?.job.name ?? "";
}

function memberContent({ version, run }: PlacedNode): string {
  return version?.version ?? run?.id ?? "unknown";
}

function memberText(node: PlacedNode): string {
  return `${memberName(node)} ${memberContent(node)}`;
}
