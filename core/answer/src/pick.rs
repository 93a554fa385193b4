//! Takes groups from a row by the query's draw, or by its client; pure integers. `docs/explanation/draws.md` is the format, to the bit.
//!
//! Groups that hold rdata are given to `taken` one by one, in the order to be answered; rows inside rows are resolved on the way. It says
//! whether to go on: a message that is full already must not cost the picking of a thousand members more.

use crate::client::Client;
use crate::draw::{below, number, split};
use crate::plan::{Group, Pick, Row};
use crate::rendezvous::score;

const MAX_DEPTH: u32 = 4; // pools inside pools (`delta` refuses deeper ones)

/// Memory for picks over many groups, kept from packet to packet. Every level of rows inside rows has its stretch at the end.
#[derive(Debug, Default)]
pub struct Room {
    scored: Vec<(u64, u64, u32)>, // score, and place in the row
    gone: Vec<bool>,              // by place: taken before
}

/// Takes groups from a row. `client`: for whom, where the row is sticky.
pub fn pick<'p>(row: &'p Row, draw: u64, client: &Client, room: &mut Room, taken: &mut impl FnMut(&'p Group) -> bool) {
    at_depth(row, draw, client, room, taken, 1);
}

/// The same at one level; says whether to go on.
fn at_depth<'p>(row: &'p Row, draw: u64, client: &Client, room: &mut Room, taken: &mut impl FnMut(&'p Group) -> bool, depth: u32) -> bool {
    let groups = &row.groups;
    let wanted = if row.answers == 0 { groups.len() } else { groups.len().min(row.answers as usize) };
    let lower = split(draw);
    let mut k = 0;
    let mut take = |group: &'p Group, room: &mut Room| {
        k += 1;
        match &group.row {
            None => taken(group),
            Some(inside) if depth < MAX_DEPTH => at_depth(inside, number(lower, k), client, room, taken, depth + 1),
            Some(_) => true,
        }
    };
    match row.pick {
        Pick::All => groups.iter().all(|group| take(group, room)),
        Pick::First => groups[..wanted].iter().all(|group| take(group, room)),
        Pick::Rotate => {
            let shift = below(draw, groups.len() as u64) as usize;
            let (behind, front) = groups.split_at(shift);
            front.iter().chain(behind).take(wanted).all(|group| take(group, room))
        }
        Pick::Weighted if wanted == 1 => take(weighted(row, below(draw, row.total)), room),
        Pick::Weighted => without_replacement(row, wanted, draw, room, &mut take),
        Pick::Sticky => sticky(row, wanted, client, room, &mut take),
    }
}

/// The group that a point in the sum of weights falls on.
fn weighted(row: &Row, mut point: u64) -> &Group {
    for group in &row.groups {
        if point < group.weight {
            return group;
        }
        point -= group.weight;
    }
    unreachable!("weights sum to the total")
}

fn without_replacement<'p>(row: &'p Row, wanted: usize, draw: u64, room: &mut Room, take: &mut impl FnMut(&'p Group, &mut Room) -> bool) -> bool {
    let base = room.gone.len();
    room.gone.resize(base + row.groups.len(), false);
    let mut total = row.total;
    let mut goes_on = true;
    for k in 0..wanted {
        if total == 0 || !goes_on {
            break; // weight 0 plays only where no group has more, and such rows are refused
        }
        let mut point = below(number(draw, k as u64), total);
        for (i, group) in row.groups.iter().enumerate() {
            if room.gone[base + i] {
                continue;
            }
            if point < group.weight {
                room.gone[base + i] = true;
                total -= group.weight;
                goes_on = take(group, room);
                break;
            }
            point -= group.weight;
        }
    }
    room.gone.truncate(base);
    goes_on
}

/// The first `wanted` groups in the order of rendezvous; equal scores stand in the row's order.
fn sticky<'p>(row: &'p Row, wanted: usize, client: &Client, room: &mut Room, take: &mut impl FnMut(&'p Group, &mut Room) -> bool) -> bool {
    let Some(sticky) = &row.sticky else { return true };
    let key = client.key(sticky);
    let scored = row.groups.iter().enumerate().filter(|(_, group)| group.weight > 0).map(|(i, group)| {
        let (whole, rest) = score(key, group.key, group.weight);
        (whole, rest, i as u32)
    });
    if wanted == 1 {
        return scored.min().is_none_or(|(_, _, i)| take(&row.groups[i as usize], room));
    }
    let base = room.scored.len();
    room.scored.extend(scored);
    room.scored[base..].sort_unstable();
    let end = room.scored.len().min(base + wanted);
    let goes_on = (base..end).all(|i| take(&row.groups[room.scored[i].2 as usize], room));
    room.scored.truncate(base);
    goes_on
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::NOBODY;
    use crate::plan::Sticky;
    use crate::symbols::NONE;

    fn row(pick: Pick, groups: Box<[Group]>) -> Row {
        let sticky = (pick == Pick::Sticky).then_some(Sticky { seed: 1, bits4: 24, bits6: 56, qname: false });
        let total = groups.iter().map(|group| group.weight).sum();
        Row { pick, answers: 0, ttl: 60, rcode: 0, reason: NONE, sticky, groups, total, distinct: true, reach: None, draws: true }
    }

    fn groups(rows: impl Iterator<Item = Option<Row>>) -> Box<[Group]> {
        rows.zip(0..).map(|(row, key)| Group { weight: 1, key, site: NONE, rdata: Box::default(), row }).collect()
    }

    /// At every level, and the memory for picks is empty for the next one.
    #[test]
    fn no_more_is_picked_once_it_is_enough() {
        for pick_of in [Pick::All, Pick::First, Pick::Rotate, Pick::Weighted, Pick::Sticky] {
            let inner = (0..4).map(|_| Some(row(pick_of, groups((0..5).map(|_| None)))));
            let outer = row(pick_of, groups(inner));
            let mut room = Room::default();
            for enough in [1, 7, 20, 21] {
                let mut count = 0;
                pick(&outer, 0x9E37_79B9_7F4A_7C15, &NOBODY, &mut room, &mut |_| {
                    count += 1;
                    count < enough
                });
                assert_eq!(count, enough.min(20), "{pick_of:?}");
                assert!(room.gone.is_empty() && room.scored.is_empty());
            }
        }
    }
}
