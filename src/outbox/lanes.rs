//! The MTs of one route that wait in memory: a lane for each phone and class.
//!
//! Never two MTs to one phone are on their way at once; within a class they leave in the order they came, also when the
//! first of them has to be tried again; answers go before pushes, pushes before broadcasts. The store holds all that is
//! pending, memory only what is near: when it is full the rest stays behind and is fetched as room comes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Instant;

use crate::clock::Timestamp;
use crate::clock::leap::SET_BACK;
use crate::message::{Msisdn, Mt, MtClass, MtId};

const CLASSES: usize = 3;

/// An MT on its way through memory.
#[derive(Debug, Clone)]
pub struct Job {
    pub mt: Mt,
    /// Whether `mt.attempts` counts the sending that is to come: the claim was made along with the MT.
    pub counted: bool,
    /// Sendings after which nobody knew whether they worked.
    pub unclear: u32,
    /// When it came into memory.
    pub since: Instant,
    /// Its route is down: it should go by another.
    pub detour: bool,
}

impl Job {
    pub fn new(mt: Mt, counted: bool, since: Instant) -> Job {
        Job { mt, counted, unclear: 0, since, detour: false }
    }
}

/// Where a job goes after its sending.
#[derive(Debug)]
pub enum Next {
    /// Nowhere: it is settled, or the store keeps it for later.
    Gone,
    /// It leads its lane again, and the lane waits for it until then.
    Hold(Box<Job>, Timestamp),
}

#[derive(Debug, Default)]
struct Phone {
    flying: bool,
    lanes: [Lane; CLASSES],
}

#[derive(Debug, Default)]
struct Lane {
    jobs: VecDeque<Job>,
    /// Its first job may not go yet.
    held: bool,
    /// The phone stands in the ready queue of this class.
    listed: bool,
}

/// All lanes of a route.
#[derive(Debug)]
pub struct Lanes {
    phones: HashMap<Msisdn, Phone>,
    ready: [VecDeque<Msisdn>; CLASSES],
    held: BTreeSet<(Timestamp, Msisdn, u8)>,
    /// Everything in a lane or on its way, so that a refill takes nothing twice.
    known: HashSet<MtId>,
    /// MTs that were offered when there was no room. They are ours, whatever lease they carry.
    spilled: BTreeSet<MtId>,
    flying: usize,
    limit: usize,
    /// When the store has something for us again that is not in memory.
    look: Option<Timestamp>,
    /// The store has more that is due than memory could take.
    behind: bool,
    /// The store is being asked: nobody knows yet whether something is due.
    filling: bool,
    /// The latest time that was heard of, to notice when the clock is set back.
    seen: Timestamp,
    /// What the store has may be dated by a clock that was ahead: at the beginning, and after it was set back.
    astray: bool,
}

/// Spilled numbers that are remembered; what spills beyond waits for its lease to lapse.
const SPILLED: usize = 1_000_000;

impl Lanes {
    /// Lanes for about `limit` MTs: pushes and broadcasts leave a quarter of it to answers.
    pub fn new(limit: usize) -> Lanes {
        Lanes {
            phones: HashMap::new(),
            ready: Default::default(),
            held: BTreeSet::new(),
            known: HashSet::new(),
            spilled: BTreeSet::new(),
            flying: 0,
            limit,
            look: None,
            behind: false,
            filling: false,
            seen: Timestamp(i64::MIN),
            astray: true,
        }
    }

    /// Whether the clock was set back since [`Lanes::notice`].
    pub fn was_set_back(&self, now: Timestamp) -> bool {
        now < self.seen.plus(-SET_BACK)
    }

    /// Takes note of the time. When the clock was set back, all that waits for a time is looked at anew.
    pub fn notice(&mut self, now: Timestamp) {
        if !self.was_set_back(now) {
            self.seen = self.seen.max(now);
            return;
        }
        self.seen = now;
        self.astray = true;
        self.release(Timestamp(i64::MAX));
        self.look_at(now);
    }

    /// Whether an MT of this class finds room.
    pub fn has_room(&self, class: MtClass) -> bool {
        let limit = if class == MtClass::Answer { self.limit } else { self.limit / 4 * 3 };
        self.known.len() < limit
    }

    pub fn knows(&self, id: MtId) -> bool {
        self.known.contains(&id)
    }

    /// Whether it was offered here and found no room.
    pub fn owns(&self, id: MtId) -> bool {
        self.spilled.contains(&id)
    }

    /// Puts a job at the end of its lane. One that is known already is dropped.
    pub fn push(&mut self, job: Job) {
        let (to, class) = (job.mt.to, job.mt.class as usize);
        self.spilled.remove(&job.mt.id);
        if !self.known.insert(job.mt.id) {
            return;
        }
        let phone = self.phones.entry(to).or_default();
        phone.lanes[class].jobs.push_back(job);
        list(phone, class, to, &mut self.ready);
    }

    /// Leaves an MT that found no room to the store.
    pub fn spill(&mut self, id: MtId) {
        if self.spilled.len() < SPILLED {
            self.spilled.insert(id);
        }
        self.behind = true;
    }

    /// The most urgent job whose phone is free; its phone is not, until [`Lanes::landed`].
    pub fn pop(&mut self) -> Option<Job> {
        for class in 0..CLASSES {
            while let Some(to) = self.ready[class].pop_front() {
                let Some(phone) = self.phones.get_mut(&to) else { continue };
                let lane = &mut phone.lanes[class];
                lane.listed = false;
                // A busy phone is listed again when it is free.
                if phone.flying || lane.held {
                    continue;
                }
                if let Some(job) = lane.jobs.pop_front() {
                    phone.flying = true;
                    self.flying += 1;
                    return Some(job);
                }
            }
        }
        None
    }

    /// Takes note of what became of a popped job.
    pub fn landed(&mut self, to: Msisdn, class: MtClass, id: MtId, next: Next) {
        self.flying = self.flying.saturating_sub(1);
        let Some(phone) = self.phones.get_mut(&to) else { return };
        phone.flying = false;
        match next {
            Next::Gone => drop(self.known.remove(&id)),
            Next::Hold(job, due) => {
                let lane = &mut phone.lanes[class as usize];
                lane.jobs.push_front(*job);
                lane.held = true;
                self.held.insert((due, to, class as u8));
            }
        }
        let mut empty = true;
        for class in 0..CLASSES {
            empty &= phone.lanes[class].jobs.is_empty();
            list(phone, class, to, &mut self.ready);
        }
        if empty {
            self.phones.remove(&to);
        }
    }

    /// Frees the lanes whose wait is over.
    pub fn release(&mut self, now: Timestamp) {
        while let Some(&(due, to, class)) = self.held.first()
            && due <= now
        {
            self.held.pop_first();
            if let Some(phone) = self.phones.get_mut(&to) {
                phone.lanes[usize::from(class)].held = false;
                list(phone, usize::from(class), to, &mut self.ready);
            }
        }
    }

    /// The store will have something at `due`.
    pub fn look_at(&mut self, due: Timestamp) {
        self.look = Some(self.look.map_or(due, |l| l.min(due)));
    }

    /// Whether the store should be asked: something comes due there, or memory runs low and more waits.
    pub fn wants_refill(&self, now: Timestamp) -> bool {
        self.look.is_some_and(|l| l <= now) || self.behind && self.known.len() <= self.limit / 4
    }

    /// Begins a refill: what is noted from here on is news. Returns whether texts may be dated astray.
    pub fn refilling(&mut self) -> bool {
        self.look = None;
        self.behind = false;
        self.filling = true;
        std::mem::take(&mut self.astray)
    }

    /// Whether a refill is under way.
    pub fn filling(&self) -> bool {
        self.filling
    }

    /// Ends a refill.
    pub fn refilled(&mut self) {
        self.filling = false;
    }

    /// Ends a refill that failed; it will be begun again.
    pub fn refill_failed(&mut self, now: Timestamp) {
        self.filling = false;
        self.astray = true;
        self.look_at(now);
    }

    /// Memory was full before the store was empty.
    pub fn fall_behind(&mut self) {
        self.behind = true;
    }

    /// When to wake, if nothing else happens.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let held = self.held.first().map(|h| h.0);
        [held, self.look].into_iter().flatten().min()
    }

    /// Whether a job could go at once. Busy and held phones do not count.
    pub fn any_ready(&self) -> bool {
        self.ready.iter().flatten().any(|to| self.phones.get(to).is_some_and(|p| !p.flying))
    }

    /// Whether something is due at `now`, in a lane or in the store.
    pub fn any_due(&self, now: Timestamp) -> bool {
        self.behind || self.next_wake().is_some_and(|t| t <= now) || self.any_ready()
    }

    pub fn flying(&self) -> usize {
        self.flying
    }

    /// MTs in memory by class.
    pub fn depths(&self) -> BTreeMap<&'static str, usize> {
        let mut out = BTreeMap::from([("answer", 0), ("push", 0), ("broadcast", 0)]);
        for phone in self.phones.values() {
            for (name, lane) in ["answer", "push", "broadcast"].iter().zip(&phone.lanes) {
                *out.entry(name).or_default() += lane.jobs.len();
            }
        }
        out
    }
}

/// Puts a phone into the ready queue of a class where it has something to send there and does not stand in it yet.
fn list(phone: &mut Phone, class: usize, to: Msisdn, ready: &mut [VecDeque<Msisdn>; CLASSES]) {
    let lane = &mut phone.lanes[class];
    if !phone.flying && !lane.held && !lane.listed && !lane.jobs.is_empty() {
        lane.listed = true;
        ready[class].push_back(to);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::MtState;

    fn mt(id: MtId, to: u64, class: MtClass) -> Job {
        let mt = Mt {
            id,
            carrier: "c".into(),
            from: "1069".into(),
            to: Msisdn::from_u64(8_613_800_000_000 + to),
            text: String::new(),
            class,
            cause: None,
            created: Timestamp(0),
            due: Timestamp(0),
            until: Timestamp(1_000),
            attempts: 1,
            state: MtState::Queued,
            carrier_ref: None,
            travel: None,
        };
        Job::new(mt, true, Instant::now())
    }

    fn land(lanes: &mut Lanes, job: Job, hold: Option<i64>) {
        let (to, class, id) = (job.mt.to, job.mt.class, job.mt.id);
        let next = hold.map_or(Next::Gone, |due| Next::Hold(Box::new(job), Timestamp(due)));
        lanes.landed(to, class, id, next);
    }

    #[test]
    fn answers_go_first_and_a_phone_gets_one_at_a_time() {
        let mut lanes = Lanes::new(100);
        lanes.push(mt(1, 1, MtClass::Broadcast));
        lanes.push(mt(2, 2, MtClass::Push));
        lanes.push(mt(3, 1, MtClass::Answer));
        lanes.push(mt(4, 1, MtClass::Answer));
        let first = lanes.pop().unwrap();
        assert_eq!(first.mt.id, 3);
        assert_eq!(lanes.pop().unwrap().mt.id, 2, "the phone of 4 and 1 is busy");
        assert!(lanes.pop().is_none());
        land(&mut lanes, first, None);
        let second = lanes.pop().unwrap();
        assert_eq!(second.mt.id, 4);
        land(&mut lanes, second, None);
        assert_eq!(lanes.pop().unwrap().mt.id, 1);
    }

    #[test]
    fn a_clock_that_is_set_back_frees_what_waits() {
        let mut lanes = Lanes::new(100);
        let ahead = Timestamp(365 * crate::clock::DAY);
        lanes.notice(ahead);
        assert!(lanes.refilling(), "at the beginning");
        lanes.refilled();
        lanes.push(mt(1, 1, MtClass::Answer));
        let first = lanes.pop().unwrap();
        land(&mut lanes, first, Some(ahead.0 + 2_000));
        lanes.notice(ahead.plus(-1_000));
        assert!(!lanes.was_set_back(ahead.plus(-1_000)), "trimmed, not set");
        let back = Timestamp(crate::clock::DAY);
        assert!(lanes.was_set_back(back) && !lanes.any_ready());
        lanes.notice(back);
        assert!(!lanes.was_set_back(back) && lanes.any_ready() && lanes.wants_refill(back));
        assert!(lanes.refilling(), "what the store has may be dated into the future");
    }

    #[test]
    fn a_retry_keeps_its_place_and_other_lanes_go_on() {
        let mut lanes = Lanes::new(100);
        for job in
            [mt(1, 1, MtClass::Push), mt(2, 1, MtClass::Push), mt(3, 1, MtClass::Answer), mt(4, 2, MtClass::Push)]
        {
            lanes.push(job);
        }
        let answer = lanes.pop().unwrap();
        land(&mut lanes, answer, None);
        let (a, b) = (lanes.pop().unwrap(), lanes.pop().unwrap());
        let (first, other) = if a.mt.id == 1 { (a, b) } else { (b, a) };
        assert_eq!((first.mt.id, other.mt.id), (1, 4));
        land(&mut lanes, first, Some(50));
        assert!(lanes.pop().is_none(), "2 waits behind 1");
        assert_eq!(lanes.next_wake(), Some(Timestamp(50)));
        assert!(!lanes.any_due(Timestamp(49)));
        lanes.release(Timestamp(50));
        assert_eq!(lanes.pop().unwrap().mt.id, 1);
    }

    #[test]
    fn a_known_one_is_not_taken_twice_and_room_is_kept_for_answers() {
        let mut lanes = Lanes::new(4);
        (1..=3).for_each(|id| lanes.push(mt(id, id, MtClass::Push)));
        lanes.push(mt(3, 3, MtClass::Push));
        assert_eq!(lanes.known.len(), 3);
        assert!(!lanes.has_room(MtClass::Broadcast) && lanes.has_room(MtClass::Answer));
        lanes.spill(9);
        assert!(lanes.owns(9) && !lanes.wants_refill(Timestamp(0)), "not while memory is full");
        while let Some(job) = lanes.pop() {
            land(&mut lanes, job, None);
        }
        assert!(lanes.wants_refill(Timestamp(0)));
    }

    proptest! {
        /// Whatever happens in whatever order, everything pushed comes out once, in order per phone and class.
        #[test]
        fn nothing_is_lost_doubled_or_overtaken(steps in prop::collection::vec((0u8..4, 0u64..4, 0usize..3), 1..200)) {
            let mut lanes = Lanes::new(1_000);
            let classes = [MtClass::Answer, MtClass::Push, MtClass::Broadcast];
            let (mut id, mut clock) = (0, 0);
            let mut flying: Vec<Job> = Vec::new();
            let mut done: HashMap<(Msisdn, usize), Vec<MtId>> = HashMap::new();
            for (what, to, class) in steps {
                clock += 1;
                match what {
                    0 | 1 => { id += 1; lanes.push(mt(id, to, classes[class])); }
                    2 => if let Some(job) = lanes.pop() {
                        prop_assert!(flying.iter().all(|f| f.mt.to != job.mt.to));
                        flying.push(job);
                    },
                    _ => if !flying.is_empty() {
                        let job = flying.remove(0);
                        if class == 0 { land(&mut lanes, job, Some(clock + 3)) } else {
                            done.entry((job.mt.to, job.mt.class as usize)).or_default().push(job.mt.id);
                            land(&mut lanes, job, None);
                        }
                    },
                }
                lanes.release(Timestamp(clock));
            }
            lanes.release(Timestamp(i64::MAX));
            loop {
                for job in std::mem::take(&mut flying) {
                    done.entry((job.mt.to, job.mt.class as usize)).or_default().push(job.mt.id);
                    land(&mut lanes, job, None);
                }
                match lanes.pop() { Some(job) => flying.push(job), None => break }
            }
            prop_assert_eq!(done.values().map(Vec::len).sum::<usize>() as u64, id);
            prop_assert!(done.values().all(|ids| ids.is_sorted()));
            prop_assert!(lanes.known.is_empty() && lanes.phones.is_empty() && lanes.flying() == 0);
        }
    }
}
