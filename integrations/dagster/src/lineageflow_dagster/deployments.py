"""Which branch of the data a deployment of the code works on.

Only an integration looks at the environment for this: the core is told.
"""

from collections.abc import Mapping

from lineageflow_dagster.naming import branch_name

BRANCH_VARIABLE = "LINEAGEFLOW_BRANCH"
"""Environment variable: the branch that runs publish to, where neither tags nor config say."""


def deployment_branch(environment: Mapping[str, str]) -> str | None:
    """Returns the branch of the data for a deployment, by its environment; None leaves it to the lake.

    It is what `LINEAGEFLOW_BRANCH` says. Else, in a branch deployment of Dagster+, it is `pr-<number>`, or
    the git branch where there is no pull request.
    https://docs.dagster.io/deployment/dagster-plus/management/environment-variables/built-in
    """
    told = environment.get(BRANCH_VARIABLE)
    if told:
        return told
    if environment.get("DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT") != "1":
        return None
    request = environment.get("DAGSTER_CLOUD_PULL_REQUEST_ID")
    if request:
        return branch_name(f"pr-{request}")
    git = environment.get("DAGSTER_CLOUD_GIT_BRANCH")
    return branch_name(git) if git else None
