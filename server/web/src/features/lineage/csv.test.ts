import { expect, test } from "vitest";
import { toCsv } from "./csv";

test("cells with commas, quotes and line breaks are quoted", () => {
  expect(
    toCsv(
      ["a", "b"],
      [
        ["x,y", 'say "hi"'],
        ["two\nlines", -1],
      ],
    ),
  ).toBe('a,b\r\n"x,y","say ""hi"""\r\n"two\nlines",-1\r\n');
});

test.each(["=cmd()", "+1", "-1", "@x"])("%s does not run in a spreadsheet", (text) => {
  expect(toCsv(["a"], [[text]])).toBe(`a\r\n'${text}\r\n`);
});
