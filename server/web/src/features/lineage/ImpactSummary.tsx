import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconArrowBackUp, IconBiohazard } from "@tabler/icons-react";
import { Link } from "react-router";
import { plural } from "../../ui/format";
import { Loaded } from "../../ui/Loaded";
import { Notice } from "../../ui/Notice";
import { urls } from "../../urls";
import { nodeTitle } from "./node";
import { taintQuery } from "./queries";

/** What follows from something bad, in one line, and the way to undo it. */
export function ImpactSummary({ bad }: { bad: string }) {
  const taint = useQuery(taintQuery(bad));
  return (
    <Loaded query={taint}>
      {({ versions, stillCurrent, repository }) => (
        <Notice
          tone="tainted"
          icon={IconBiohazard}
          action={
            repository !== undefined &&
            stillCurrent > 0 && (
              <Button
                component={Link}
                to={urls.rollback(repository, { target: bad })}
                size="compact-sm"
                leftSection={<IconArrowBackUp size={14} aria-hidden />}
              >
                Plan rollback
              </Button>
            )
          }
        >
          If <b>{nodeTitle(bad)}</b> is bad, {plural(versions, "version")} cannot be trusted;{" "}
          {stillCurrent === 0
            ? "none of them is current on a branch any more."
            : `${stillCurrent} ${stillCurrent === 1 ? "is" : "are"} still current on a branch.`}
        </Notice>
      )}
    </Loaded>
  );
}
