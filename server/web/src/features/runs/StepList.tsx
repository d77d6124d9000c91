import { useQuery } from "@tanstack/react-query";
import { Loaded } from "../../ui/Loaded";
import { stepsQuery } from "./queries";
import { StepTable } from "./StepTable";
import classes from "./StepList.module.css";

/** The steps of a run, below its row. */
export function StepList({ run }: { run: string }) {
  const steps = useQuery(stepsQuery(run));
  return (
    <div className={classes.list}>
      <Loaded query={steps}>
        {(found) =>
          found.length === 0 ? (
            <span className="dim">This run reported no steps.</span>
          ) : (
            <StepTable steps={found} />
          )
        }
      </Loaded>
    </div>
  );
}
