import { Button, Combobox, useCombobox } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconChevronDown, IconGitBranch } from "@tabler/icons-react";
import { useState } from "react";
import { shortRef } from "../../ui/format";
import { transactionsQuery } from "../runs/queries";
import { refsQuery } from "./queries";
import classes from "./RefPicker.module.css";
import { type RefGroup, refChoices } from "./refChoices";

interface RefPickerProps {
  repository: string;
  value: string | undefined;
  onChange: (ref: string) => void;
}

/** Chooses what is looked at: a branch, a tag, a run's branch, or anything that can be typed as a ref. */
export function RefPicker({ repository, value, onChange }: RefPickerProps) {
  const [text, setText] = useState("");
  const combobox = useCombobox({
    onDropdownClose: () => {
      setText("");
      combobox.resetSelectedOption();
      combobox.focusTarget();
    },
    onDropdownOpen: () => combobox.focusSearchInput(),
  });
  const groups = useRefChoices(repository, text, combobox.dropdownOpened);

  return (
    <Combobox
      store={combobox}
      width={340}
      position="bottom-start"
      onOptionSubmit={(ref) => {
        onChange(ref);
        combobox.closeDropdown();
      }}
    >
      <Combobox.Target targetType="button">
        <Button
          variant="default"
          className={classes.button ?? ""}
          leftSection={<IconGitBranch size={14} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          onClick={() => combobox.toggleDropdown()}
          aria-label={`Ref: ${value ?? "…"}. Choose another`}
        >
          <span className={classes.value}>{value === undefined ? "…" : shortRef(value)}</span>
        </Button>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.selectFirstOption();
          }}
          placeholder="Branch, tag, commit, main~2, main@{2026-05-01}"
          aria-label="Find a ref"
        />
        <Combobox.Options className={classes.options ?? ""} aria-label="Refs">
          {groups.length === 0 && <Combobox.Empty>No such ref</Combobox.Empty>}
          {groups.map((group) => (
            <Combobox.Group key={group.label} label={group.label}>
              {group.choices.map((choice) => (
                <Combobox.Option key={choice.ref} value={choice.ref} active={choice.ref === value}>
                  <span className={classes.option}>
                    <span className={classes.name} title={choice.ref}>
                      {shortRef(choice.ref)}
                    </span>
                    <span className="dim nowrap">{choice.note}</span>
                  </span>
                </Combobox.Option>
              ))}
            </Combobox.Group>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

function useRefChoices(repository: string, text: string, enabled: boolean): RefGroup[] {
  const branches = useQuery({ ...refsQuery(repository, "branch"), enabled }).data ?? [];
  const tags = useQuery({ ...refsQuery(repository, "tag"), enabled }).data ?? [];
  const transactions = useInfiniteQuery({ ...transactionsQuery(repository), enabled }).data ?? [];
  return refChoices({ branches, tags, transactions, text, now: new Date() });
}
