"""Drills: scenarios in which a seeded bug shows; each is also run on a product without bug."""

from dataclasses import dataclass

from tests.faults.kills.epoch import Plan as Kills
from tests.faults.light.run import Plan as Faults
from tests.faults.lives import WAYS
from tests.faults.pairs import AGREED
from tests.faults.product import SERVICES


@dataclass(frozen=True, slots=True)
class Tests:
    """Tests that provoke what is too rare in a product that runs; the bug is seeded in what they import."""

    where: tuple[str, ...]
    """Files or single tests, as pytest takes them."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One run of the harness. Without healing, nothing mends what a broken protection loses."""

    says: str
    plan: Faults | Kills | Tests
    points: str = "*"
    """Where services die, for named kills."""

    @property
    def command(self) -> str:
        """The command that does the same to the tree as it stands."""
        plan = self.plan
        if isinstance(plan, Tests):
            return f"pytest {' '.join(plan.where)}"
        if isinstance(plan, Faults):
            kinds = f"--kinds {','.join(plan.kinds)}" if plan.kinds else "--quiet"
            said = ["light", kinds, f"--lives {','.join(plan.lives)}"]
            said += [
                f"--requests {plan.requests}",
                f"--faults {plan.faults}",
                *([] if plan.healing else ["--no-healing"]),
            ]
            said += [f"--dawdles {plan.dawdles}"] if plan.dawdles else []
            said += [f"--fails {plan.fails}"] if plan.fails else []
            said += [f"--copies {plan.copies}"] if plan.copies > 1 else []
        else:
            said = ["kills", f"--points '{self.points}'", f"--kills {plan.kills}"]
            said += [f"--lives {','.join(plan.lives)}"] if plan.lives != tuple(WAYS) else []
        said += [f"--seed {plan.seed}", f"--seconds {plan.seconds:g}", f"--clients {plan.clients}"]
        said += [f"--service {','.join(plan.services)}"] if len(plan.services) < len(SERVICES) else []
        return f"python -m tests.faults.{' '.join(said)}"


SHORT = "supported,directed,transferred,withdrawn,returned,declined_by_a_provider"
"""Lives of few steps, which between them let every service hear every other."""


def _faults(
    says: str,
    kinds: str,
    *,
    seed: int,
    healing: bool,
    lives: str = SHORT,
    service: str = "",
    clients: int = 3,
    dawdles: float = 0.0,
    fails: float = 0.0,
    faults: int = 8,
    requests: int = 6,
    copies: int = 1,
) -> Drill:
    plan = Faults(
        seed,
        kinds=tuple(kinds.split(",")) if kinds else (),
        requests=requests,
        faults=faults,
        seconds=30.0,
        lives=tuple(lives.split(",")),
        services=tuple(service.split(",")) if service else SERVICES,
        clients=clients,
        dawdles=dawdles,
        fails=fails,
        copies=copies,
        healing=healing,
        until_wrong=True,
    )
    return Drill(says, plan)


def _kills(
    says: str,
    points: str,
    *,
    seed: int,
    service: str = "",
    kills: int = 20,
    seconds: float = 40.0,
    clients: int = 3,
    lives: str = ",".join(WAYS),
) -> Drill:
    plan = Kills(
        seed,
        kills,
        seconds,
        clients,
        services=(service,) if service else SERVICES,
        stuck_after=60.0,
        patience=90.0,
        lives=tuple(lives.split(",")),
        answers_lost=0.0,
    )
    return Drill(says, plan, points)


def _tests(says: str, *names: str) -> Drill:
    return Drill(says, Tests(tuple(f"tests/shared/messaging/{name}.py" for name in names)))


AGED = "test_events_that_the_watermark_has_passed_are_published_all_the_same_and_alarm"

DRILLS: dict[str, Drill] = {
    "watermark": Drill(
        "transactions overlap while the relay looks at a quiet outbox", Tests(("tests/properties/test_watermark.py",))
    ),
    "forged": Drill(
        "accounts publish in the names of others",
        Tests(
            (
                "tests/shared/messaging/test_authenticity.py",
                "tests/shared/messaging/inbox/test_dead_letters.py",
                "tests/operations/test_undelivered.py",
                "tests/operations/test_quarantine.py",
                "tests/operations/test_behind.py",
            )
        ),
    ),
    "unsendable": Drill(
        "the broker closes a channel on what it refuses", Tests(("tests/shared/messaging/test_relay_unsendable.py",))
    ),
    "aged_outbox": Drill(
        "the outbox ages while the broker confirms",
        Tests(("tests/shared/messaging/test_messenger.py::" + AGED,)),
    ),
    "published_figures": Drill(
        "somebody puts all published figures together", Tests(("tests/intake/test_disclosure.py",))
    ),
    "lease": Drill(
        "the leader's machine says nothing any more", Tests(("tests/shared/messaging/test_relay_lease.py",))
    ),
    "quiet": _faults(
        "nothing strikes; an act draws the first position and commits last, for rows of it are held",
        "",
        seed=35,
        healing=False,
        lives="overtaken",
        clients=1,
    ),
    "two_people": _faults(
        "two people act on one request, and every fifth call of a service waits a moment",
        "rogue",
        seed=34,
        healing=False,
        lives=",".join(one for one in AGREED if one != "accepted_and_declined"),
        clients=6,
        dawdles=0.3,
        requests=40,
    ),
    "overlapping": Drill(
        "a second transaction begins while the first is done and not committed yet",
        Tests(tuple(f"tests/{service}/test_overlapping.py" for service in ("intake", "qualification", "escalation"))),
    ),
    "order": _faults(
        "messages come twice, late, in any order, amid rubbish",
        "duplicate,reorder,hold_back,rogue",
        seed=13,
        healing=False,
    ),
    "late_for_mails": _faults(
        "what notifications hears comes late", "hold_back", seed=30, healing=False, service="notifications"
    ),
    "late_for_applicants": _faults(
        "what intake hears comes late",
        "hold_back",
        seed=31,
        healing=False,
        lives="returned,refused_by_the_committee",
        service="intake",
        clients=6,
    ),
    "failing": _faults("one event in ten fails at each attempt", "rogue", seed=28, healing=False, fails=0.1),
    "damage": _faults("messages are cut, bits turn over", "flip,truncate", seed=14, healing=True, clients=6, faults=20),
    "lost": _faults("queues are emptied, the broker's disk is wiped", "purge_queue,wipe_broker", seed=15, healing=True),
    "queue_deleted": _faults("queues are deleted under their consumers", "delete_queue", seed=16, healing=True),
    "transfers_failing": _faults(
        "requests are transferred while one event in four fails at each attempt",
        "rogue",
        seed=34,
        healing=False,
        lives="transferred",
        clients=6,
        fails=0.25,
    ),
    "broker": _faults("RabbitMQ is killed", "kill_broker", seed=17, healing=False),
    "delivered_often": _faults(
        "one service is killed again and again while what it heard waits",
        "kill_while_it_waits",
        seed=29,
        healing=False,
        service="escalation,notifications",
    ),
    "database": _faults("PostgreSQL goes away", "kill_database", seed=18, healing=False),
    "database_and_failing": _faults(
        "PostgreSQL goes away, and one event in ten fails at each attempt",
        "kill_database",
        seed=33,
        healing=False,
        fails=0.1,
    ),
    "dawdling": _faults(
        "every fifth call of a service waits a moment",
        "rogue",
        seed=20,
        healing=False,
        lives="whole_life,supported",
        clients=6,
        dawdles=0.3,
    ),
    "at_once": _faults(
        "eight people are at the same step, and two copies of each service do it slowly",
        "rogue",
        seed=32,
        healing=False,
        lives="whole_life",
        clients=8,
        dawdles=0.3,
        copies=2,
    ),
    "kills_recording": _kills("services die when an event is written", "*journal.record*after", seed=21, kills=10),
    "kills_committed": _kills("services die when a change is committed", "*COMMIT*after", seed=27, kills=12),
    "kills_hearing": _kills("services die when they hear", "*messenger*,*inbox*,*ack*", seed=22),
    "kills_intake": _kills(
        "intake dies around commits", "*next_number*,*journal.record*,*COMMIT*", seed=23, service="intake"
    ),
    "kills_acting": _kills(
        "qualification dies around what agents and providers do",
        "*web*COMMIT*,*orient*,*envelopes.commit*,*exchanges.add_message*",
        seed=24,
        service="qualification",
        kills=80,
        seconds=90.0,
        clients=6,
        lives="supported,accepted_by_a_provider,declined_by_a_provider",
    ),
    "national_moves": Drill(
        "a dossier lives random lives; each action is tried in each state",
        Tests(("tests/escalation/test_properties.py",)),
    ),
    "kills_mails": _kills(
        "the sender of mails dies",
        "*mail_sender*,*usecases.send*",
        seed=26,
        service="notifications",
        kills=80,
        seconds=90.0,
        clients=6,
    ),
    "tests_of_forks": _tests("a source is restored to an earlier state", "inbox/test_forks"),
    "tests_of_limits": _tests(
        "services ask for too much, and events claim places far ahead",
        "recovery/test_rate_limits",
        "inbox/test_parking",
    ),
    "tests_of_waiting": _tests("events wait for others or for an update, or cannot be read", "inbox/test_held"),
    "tests_of_attempts": _tests("messages kill their consumer, and a table is locked for long", "inbox/test_attempts"),
    "tests_of_order": _tests("events are recorded and applied in any order", "test_journal", "inbox/test_inbox"),
    "tests_of_recovery": _tests("facts that stand alone in their stream are lost", "recovery/test_gap_recovery"),
    "handing_over": Drill(
        "a case is handed over with what was written in it, and parts of it are lost",
        Tests(("tests/qualification/test_handing_over.py",)),
    ),
    "conflicts": Drill(
        "transactions meet deadlocks",
        Tests(
            (
                "tests/shared/test_db_conflicts.py",
                "tests/shared/messaging/inbox/test_conflicts.py",
                "tests/shared/web/test_conflicts.py",
            )
        ),
    ),
    "digests_and_departements": Drill(
        "colleagues' digests leave at once, a hundred départements catch up in two batches beside each other",
        Tests(("tests/notifications/test_deadlocks.py",)),
    ),
    "heard": Drill(
        "the database raises something while an outcome is written down, and people act beside senders",
        Tests(("tests/notifications/test_sending.py", "tests/notifications/test_webhooks.py")),
    ),
    "tests_of_documents": Drill(
        "a database goes back in time beside its documents; the power is cut",
        Tests(("tests/intake/test_sweeping.py", "tests/intake/test_documents.py")),
    ),
    "tests_of_clocks": Drill(
        "the clock of a service is a month ahead or behind",
        Tests(
            (
                "tests/intake/test_jobs.py",
                "tests/qualification/test_clocks.py",
                "tests/escalation/test_usecases.py",
                "tests/notifications/test_digests.py",
            )
        ),
    ),
    "tests_of_backups": Drill(
        "a backup is taken while services tell each other, and restored",
        Tests(("tests/operations/test_backups.py",)),
    ),
    "stopping": Drill(
        "broker and database are silent, tasks swallow their cancellation, and nothing else ends the process",
        Tests(("tests/shared/test_stopping.py", "tests/shared/messaging/test_connection_silent.py")),
    ),
    "leftovers": Drill(
        "a supervisor was killed, and a program of its run does not end", Tests(("tests/deploy/test_leftovers.py",))
    ),
    "migrating": Drill(
        "long transactions hold the tables that migrations change, and an index was left unfinished",
        Tests(("tests/deploy/test_migrations.py",)),
    ),
    "crossing": Drill(
        "acts of two services cross, and events arrive in any order", Tests(("tests/crossing/test_crossing.py",))
    ),
    "floods": Drill(
        "strangers file, invite, ask for links and have mails sent without end, and send slowly",
        Tests(
            (
                "tests/shared/test_limits.py",
                "tests/shared/web/test_timeouts.py",
                "tests/intake/test_api.py",
                "tests/intake/test_colleagues.py",
                "tests/intake/test_limits.py",
                "tests/intake/test_pages.py",
                "tests/notifications/test_mails_per_recipient.py",
            )
        ),
    ),
    "transfer": Drill(
        "the applicant acts while a request is transferred between instances",
        Tests(("tests/crossing/test_transfer.py",)),
    ),
    "perimeter": Drill(
        "every route is walked with another's request, shared providers are changed, results of mail servers are read",
        Tests(
            (
                "tests/qualification/test_api.py::test_an_agent_does_not_rewrite_a_provider_that_also_works_elsewhere",
                "tests/notifications/test_authentication.py",
                "tests/notifications/test_walk.py",
                "tests/escalation/test_walk.py",
            )
        ),
    ),
    "credentials": Drill(
        "each role tries what it may not, keys have successors, settings are unsafe, a database has real agents",
        Tests(
            (
                "tests/shared/test_log.py",
                "tests/shared/test_keys.py",
                "tests/shared/test_production.py",
                "tests/deploy/test_rights.py",
                "tests/deploy/test_demonstration.py",
            )
        ),
    ),
    "secrets": Drill(
        "secret links are typed, mailed, forwarded, kept and replayed",
        Tests(
            (
                "tests/shared/test_masking.py",
                "tests/notifications/test_incoming_text.py",
                "tests/intake/test_masked_links.py",
                "tests/intake/test_pages.py::test_a_mandate_is_posted_and_used_once",
                "tests/qualification/test_api.py::test_a_document_is_opened_through_the_case_and_whoever_opens_it_is_recorded",
                "tests/qualification/test_pages.py::test_a_provider_s_link_is_taken_back_and_another_one_sent",
            )
        ),
    ),
    "forms": Drill(
        "foreign forms file twice, publish rubbish, forge, and read what is not theirs",
        Tests(("tests/intake/test_handlers.py", "tests/operations/test_foreign_forms.py")),
    ),
    "scanned": Drill("infected files are sent", Tests(("tests/intake/test_antivirus.py",))),
}
