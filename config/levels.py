"""What stands above a key: its team, its tags, and the service as a whole."""

from collections.abc import Collection, Mapping

from config.allowances import Written, read_allowance, take_allowance
from config.budgets import LeadsBack, Terms
from config.names import check_name, read_allowed
from config.problems import Notes
from config.readers import MONEY
from config.schema import Allowance, Route, Team
from config.section import Entry, Section


def read_teams(entry: Entry | None, notes: Notes, terms: Terms, *, providers: Collection[str]) -> dict[str, Team]:
    """*providers* are those whose models a team may be allowed."""
    return {name: _team(name, one, notes, terms, providers) for name, one in Section(entry, notes).every()}


def _team(name: str, entry: Entry, notes: Notes, terms: Terms, providers: Collection[str]) -> Team:
    check_name(name, entry, notes, whose="a team's")
    section = Section(entry, notes)
    team = Team(
        name=name,
        allowance=read_allowance(take_allowance(section), notes, terms),
        models=read_allowed(section, notes, routes=terms.routes, providers=providers),
        max_cost=section.read("max_cost", MONEY, None),
    )
    section.close()
    return team


def read_tags(entry: Entry | None, notes: Notes, terms: Terms) -> dict[str, Allowance]:
    tags: dict[str, Allowance] = {}
    for name, one in Section(entry, notes).every():
        check_name(name, one, notes, whose="a tag's")
        section = Section(one, notes)
        tags[name] = read_allowance(take_allowance(section), notes, terms)
        section.close()
    return tags


def read_service(entry: Entry | None, notes: Notes, terms: Terms) -> tuple[Allowance, int | None]:
    """What all may use up together, and what one call may cost at most, whoever asks."""
    section = Section(entry, notes)
    allowance = read_allowance(take_allowance(section), notes, terms)
    max_cost = section.read("max_cost", MONEY, None)
    section.close()
    return allowance, max_cost


def read_places(
    written: Mapping[str, Written], notes: Notes, terms: Terms, *, routes: Mapping[str, Route]
) -> dict[str, Allowance]:
    """The allowances of providers and targets, by scope. *routes* show which of them lead elsewhere."""
    return {scope: read_allowance(one, notes, terms, _only(scope, routes)) for scope, one in written.items()}


def _only(scope: str, routes: Mapping[str, Route]) -> LeadsBack:
    kind, _, name = scope.partition("/")

    def leads_back(route: str) -> bool:
        targets = (target for stage in routes[route].stages for target in stage.targets)
        return all(name == (target.provider if kind == "provider" else target.id) for target in targets)

    return leads_back
