"""The rules of branches, asked wherever one moves.

A rule is about who moves a branch and what comes with it, so it is asked in one place for all that makes a
commit (`writing.move_branch`), and by whatever removes or renames a branch. Three kinds of operations differ:
those that bring in what had a history of its own, where it could be checked (merge, publish); those that take
back what the branch itself held before (revert, rollback), which must stay possible when something is wrong;
and direct ones, whose content somebody chose at this moment: all others, `reset` too, because nothing says
that a branch takes what another state held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lineageflow_core.errors import CheckRequiredError, RuleViolatedError
from lineageflow_core.model.check import Check, CheckState
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.settings import BranchRule
from lineageflow_core.service.opened import OpenRepository

MERGES = frozenset({"merge", "publish"})
TAKES_BACK = frozenset({"revert", "rollback"})
SAYS_METADATA = frozenset({"commit", "commit_staged", "cherry_pick", "reset", "merge"})
"""Operations that require metadata where a rule does: a person does them, and can say why."""


def check_move(
    opened: OpenRepository, branch: RefName, operation: str, *, actor: str, commit: Commit
) -> None:
    """Raises RuleViolatedError, or CheckRequiredError, if a rule keeps a branch from getting a new commit."""
    rules = rules_on(opened, branch)
    for rule in rules:
        _check_writer(rule, branch.name, actor)
    for refusal in refusals(opened, rules, branch.name, operation, commit=commit):
        raise refusal
    for rule in rules:  # last: nobody should think of metadata for what is refused anyway
        if operation in SAYS_METADATA:
            _check_metadata(rule, branch.name, operation, commit)


def rules_on(opened: OpenRepository, branch: RefName) -> tuple[BranchRule, ...]:
    """Returns the rules that hold on a branch now. The branch of a run has none."""
    return opened.settings().rules_for(branch.name) if branch.kind is RefKind.BRANCH else ()


def refusals(
    opened: OpenRepository, rules: Sequence[BranchRule], branch: str, operation: str, *, commit: Commit
) -> Iterator[RuleViolatedError | CheckRequiredError]:
    """Yields why rules keep a branch from getting a new commit, whoever makes it, whatever it says."""
    for rule in rules:
        if rule.merges_only and operation not in MERGES | TAKES_BACK:
            yield _violated(
                rule,
                branch,
                f"takes no direct commits ({operation}): write to another branch, then "
                f"`lineageflow merge THAT-BRANCH --into {branch} -R {opened.info.name}`",
                needs="merge",
            )
    required = sorted({name for rule in rules for name in rule.checks})
    if required and operation in MERGES:
        yield from _unchecked(opened, branch, required, commit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What rules ask of whoever does an operation on a branch."""

    metadata: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    """Only these may do it; none named: everyone."""


def asked_of(rules: Sequence[BranchRule], operation: str) -> Asked:
    """Returns what rules ask that hold on one branch."""
    keys = (key for rule in rules for key in rule.required_metadata if operation in SAYS_METADATA)
    writers = [set(rule.writers) for rule in rules if rule.writers]
    return Asked(
        metadata=tuple(dict.fromkeys(keys)),
        writers=tuple(sorted(set.intersection(*writers))) if writers else (),
    )


def check_unprotected(opened: OpenRepository, branch: str, operation: str) -> None:
    """Raises RuleViolatedError if a rule keeps a branch from being deleted or renamed, by whomever."""
    for rule in opened.settings().rules_for(branch):
        if rule.protects:
            raise _protected(opened, rule, branch, operation)


def _check_writer(rule: BranchRule, branch: str, actor: str) -> None:
    if rule.writers and actor not in rule.writers:
        raise _violated(
            rule,
            branch,
            f"is written to by {', '.join(rule.writers)} only, not by {actor}: ask one of them, or write to "
            "another branch",
            writers=list(rule.writers),
            actor=actor,
        )


def _check_metadata(rule: BranchRule, branch: str, operation: str, commit: Commit) -> None:
    missing = [name for name in rule.required_metadata if not commit.metadata.get(name, "").strip()]
    if missing:
        raise _violated(
            rule,
            branch,
            f"requires metadata that this {operation.replace('_', ' ')} lacks: {', '.join(missing)}; "
            "give it, as metadata of the commit",
            missing=missing,
        )


def _unchecked(
    opened: OpenRepository, branch: str, required: list[str], commit: Commit
) -> Iterator[CheckRequiredError]:
    """Yields an error unless these passed on what is merged in, or on what comes of it.

    Where both were checked, what comes of it counts.
    """
    results: dict[str, Check] = {}
    for merged in (*(opened.commit(parent) for parent in commit.parents[1:]), commit):
        results |= {check.name: check for check in opened.stores.checks.list(opened.info.id, merged.root)}
    missing = [name for name in required if name not in results]
    failed = [name for name in required if name in results and results[name].state is not CheckState.PASSED]
    if not missing and not failed:
        return
    said = [f"{', '.join(missing)} did not run on it"] if missing else []
    said += [
        f"{name} failed" + (f" ({results[name].summary})" if results[name].summary else "") for name in failed
    ]
    yield CheckRequiredError(
        f"branch {branch!r} takes only what passed {', '.join(required)}: {'; '.join(said)}. Nothing "
        "happened; run the checks on what is to be merged, then try again",
        branch=branch,
        missing=missing,
        failed=failed,
    )


def _protected(opened: OpenRepository, rule: BranchRule, branch: str, operation: str) -> RuleViolatedError:
    return _violated(
        rule,
        branch,
        f"is protected, so there is no {operation.replace('_', ' ')}: first "
        f"`lineageflow branch unprotect {rule.pattern} -R {opened.info.name}`",
    )


def _violated(rule: BranchRule, branch: str, what: str, **details: object) -> RuleViolatedError:
    return RuleViolatedError(
        f"by the rule for {rule.pattern!r}, branch {branch!r} {what}",
        branch=branch,
        pattern=rule.pattern,
        **details,
    )
