import { Button } from "@mantine/core";
import { IconBiohazard } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Problem } from "../../api/problem";
import type { QuarantineNotice } from "../../api/types";
import { shortId } from "../../ui/format";
import { Notice } from "../../ui/Notice";
import { urls } from "../../urls";

/** Says what of the content below is quarantined, why, and what to look at instead. */
export function Quarantined({ notices }: { notices: readonly QuarantineNotice[] }) {
  const [first] = notices;
  if (first === undefined) return null;
  const { quarantine, last_good_commit: good, repository } = first;
  const path =
    quarantine.partition === "" ? quarantine.dataset : `${quarantine.dataset}/${quarantine.partition}`;
  return (
    <Notice
      tone="failed"
      icon={IconBiohazard}
      title={
        notices.length > 1 ? `${notices.length} versions are quarantined` : "This version is quarantined"
      }
      action={good != null && <Link to={urls.tree(repository, good, path)}>Last good version</Link>}
    >
      {path} {shortId(quarantine.snapshot)}: {quarantine.reason}, says {quarantine.author}.
    </Notice>
  );
}

/** What readers are kept from, unless they say that they mean it. */
export function KeptBack({ problem, onShow }: { problem: Problem; onShow: () => void }) {
  return (
    <Notice
      tone="failed"
      icon={IconBiohazard}
      title="Readers are kept from this version: it is quarantined"
      action={
        <Button size="compact-sm" variant="default" onClick={onShow}>
          Show it all the same
        </Button>
      }
    >
      {String(problem.details.path)}: {String(problem.details.reason)}, says {String(problem.details.author)}.
    </Notice>
  );
}
