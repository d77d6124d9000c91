import { expect, test } from "vitest";
import { sampleIo, sampleRun } from "../../testing/samples";
import { byDataset, span, stepName, stepPartition } from "./steps";

const run = (id: string, started: string | null = null, ended: string | null = null) =>
  sampleRun({ id, started_at: started, ended_at: ended });
const io = (run_id: string, name: string, partition: string, version: string) =>
  sampleIo(run_id, { name, partition, version });

test("a step is named without its pipeline", () => {
  const whole = { ...run("1"), job: { namespace: "dagster", name: "flights" } };
  expect([stepName(run("1")), stepName(whole)]).toEqual(["clean_flights", "flights"]);
});

test("a step's partition is what it wrote, else what it was told", () => {
  const writes = [
    io("1", "a", "2013-07", "x"),
    io("1", "b", "2013-07", "y"),
    io("2", "a", "2013-08", "z"),
    io("2", "a", "2013-09", "w"),
  ];
  const told = { ...run("3"), params: { partition: "2013-10" } };
  expect([run("1"), run("2"), told, run("4")].map((each) => stepPartition(each, writes))).toEqual([
    "2013-07",
    "2 partitions",
    "2013-10",
    "",
  ]);
});

test("a run lasts from its first start to its last end, or to now", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  const runs = [run("1", "2026-11-21T11:59:00Z", "2026-11-21T11:59:30Z"), run("2", "2026-11-21T11:59:10Z")];
  expect(span(runs, now)).toEqual({ start: new Date("2026-11-21T11:59:00Z").getTime(), length: 60_000 });
  expect(span([], now).length).toBe(1);
});

test("reads are gathered by dataset, each version once, what the run made itself last", () => {
  const reads = [
    io("2", "clean", "2013-08", "b"),
    io("2", "clean", "2013-07", "a"),
    io("3", "clean", "2013-07", "a"),
    io("1", "raw", "", "r"),
  ];
  const written = [io("1", "clean", "2013-07", "a"), io("1", "clean", "2013-08", "b")];
  expect(
    byDataset(reads, written).map((group) => [
      group.name,
      group.isOwn,
      group.versions.map((each) => each.partition),
    ]),
  ).toEqual([
    ["raw", false, [""]],
    ["clean", true, ["2013-07", "2013-08"]],
  ]);
});
