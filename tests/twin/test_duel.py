"""The duel itself: a difference is found, made small, and told with the line that runs it again; the same seed makes the same cases."""

from gslb.answer import NeedRow, Reply
from gslb.plan import EMPTY
from gslb.testing.engines import PythonPlane, offer
from gslb.testing.twin import Duel, Packets, World
from gslb.testing.twin.reference import told, words


class Wrong(PythonPlane):
    """An engine that forgets where the first address belongs, at one TTL only."""

    def answer(self, query, client, env):
        got = super().answer(query, client, env)
        reply = got.reply if isinstance(got, NeedRow) else got
        if not isinstance(reply, Reply) or reply.meta.site != "fra":
            return got
        return reply._replace(meta=reply.meta._replace(site=""))


def made(kind):
    def plane(snapshot):
        one = kind()
        if snapshot is not EMPTY:
            offer(one, EMPTY, snapshot)
        return one

    return plane


def test_an_engine_is_its_own_twin():
    duel = Duel(made(PythonPlane))
    assert all(duel.world(seed, packets=100) is None for seed in range(6))
    assert duel.cases == 6 * 5 * 100


def test_a_difference_is_found_and_made_small():
    duel = Duel(made(Wrong))
    found = next(filter(None, (duel.world(seed) for seed in range(20))))
    assert found.python != found.native
    assert len(found.snapshot.zones) == 1
    assert len(found.snapshot.pools) == 1
    [pool] = found.snapshot.pools.values()
    assert sum(len(row.groups) for rows in pool.rows.values() for row in rows if row) <= 2
    assert f"--world {found.world}" in str(found)
    assert found.asked.query.hex() in str(found)


def test_everything_follows_from_the_seed():
    for seed in (0, 3):
        plans = [World(seed).plan() for _ in range(2)]
        assert plans[0] == plans[1]
        assert words(seed) == words(seed)
        packets = [Packets(seed, plan) for plan in plans]
        assert [packets[0].one() for _ in range(200)] == [packets[1].one() for _ in range(200)]


def test_what_is_told_of_an_answer_tells_all_of_it():
    plane = made(PythonPlane)(World(2).plan())
    packets = Packets(2, plane.live)
    answers = {plane.answer(*packets.one()) for _ in range(500)}
    assert len({told(one) for one in answers}) == len(answers)
