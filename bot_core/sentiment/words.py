"""The words of the finance lexicon, chosen by hand for headlines and messages about companies and markets.

Weights are for a word standing alone: 1.5 where hardly a doubt is left, 1 as a rule, 0.6 where it often means something else. All words are
in lower case.
"""

from __future__ import annotations

STRONG, PLAIN, MILD = 1.5, 1.0, 0.6

_GOOD_STRONG = """
outperform outperforms outperformed outperforming breakthrough blockbuster stellar upgrade upgrades upgraded soared skyrocket
skyrockets skyrocketed record-breaking bullish best-ever booming windfall
"""
_GOOD = """
beat beats beating exceeds exceeded exceeding profitable profitability profit profits growth growing grew expands expanded
expanding expansion strong stronger strongest strength robust solid healthy resilient resilience success successful
successfully win wins winning won awarded award approval approved approves boost boosts boosted boosting improve improves
improved improving improvement improvements optimistic optimism upbeat positive favorable favourable overweight upside
opportunity opportunities breakout rebound rebounds rebounded recovery recovers recovered recovering rallies rallied buyback
buybacks dividend milestone innovative lucrative outpace outpaces outpaced outpacing top-pick accretive thrive thrives
thriving flourish confident confidence gain gains gained gaining momentum prosper prosperity advantage leader leading surplus
oversubscribed attractive undervalued accelerates accelerated accelerating turnaround upturn booms boom deleveraging inflows
"""
_GOOD_MILD = """
good great better best nice buy buying bought bull tops topped topping hope hopes hopeful encouraging agreement partnership
deal support supports supported stable stability launch launches cheer cheers hot eases eased easing relief rewarded reward
progress delivers delivered efficient efficiency calm optimize welcomes secured secures contract higher-than-expected
"""
_BAD_STRONG = """
bankrupt bankruptcy bankruptcies insolvent insolvency collapse collapses collapsed collapsing crash crashes crashed crashing
plunging fraud fraudulent default defaults defaulted downgrade downgrades downgraded catastrophic catastrophe disastrous
disaster devastating meltdown delisted delisting bearish embezzlement ponzi freefall
"""
_BAD = """
miss misses missed missing loses losing lost weak weaker weakest weakness weakens weakened disappoint disappoints disappointed
disappointing disappointment underperform underperforms underperformed underperforming underweight negative unfavorable
unfavourable pessimistic pessimism warn warns warned warning warnings concern concerns concerned worry worries worried
worrying fear fears feared lawsuit lawsuits sue sues sued probe probes investigation investigations investigated scandal
scandals recall recalls recalled penalty penalties fined violation violations breach breaches hack hacked recession recessions
downturn slowdown contraction shrinking layoff layoffs shutdown shutdowns closure closures strike strikes halted suspends
suspended suspension resigns resignation ousted delays delayed delay shortfall deteriorate deteriorates deteriorated
deteriorating deterioration headwind headwinds trouble troubled struggling struggles struggle overvalued overbought dumping
dumps dumped selloff sell-off sell-offs crisis turmoil panic bleak gloomy grim dismal poor slashed slashes impairment
write-down writedown write-off dilution dilutive outflows liquidation distressed restructuring sanctions sanctioned downside
unprofitable abandons abandoned scrapped scraps rejects rejected rejection terminated woes stagnant stagnation bearishness
"""
_BAD_MILD = """
bad worse worst sell selling sold bear cautious caution uncertain uncertainty volatile volatility risk risks risky pressure
pressures pressured tariff tariffs tensions tension hurt hurts hurting hit fails failed fail failure failures withdraw
withdraws withdrawn pulls cools puts short shorts shorted slow slower slowing sluggish expensive blames blamed accused accuses
alleges alleged lower-than-expected oversupply glut shortage shortages drag drags dragged
"""
_UP_STRONG = (
    "soar soars soaring surge surges surged surging jump jumps jumped jumping spike spikes spiked leap leaps leapt skyrocketing"
)
_UP = """
rise rises rising rose raise raises raised raising increase increases increased increasing climb climbs climbed climbing
advance advances advanced higher widen widens widened widening grows
"""
_UP_MILD = "up high highs above lift lifts lifted hike hikes hiked add adds added"
_DOWN_STRONG = (
    "plunge plunges plunged tumble tumbles tumbled tumbling plummet plummets plummeted sink sinks sank sinking slump slumps slumped"
)
_DOWN = """
fall falls falling fell drop drops dropped dropping decline declines declined declining decrease decreases decreased
decreasing slide slides slid sliding slip slips slipped slipping cut cuts cutting lower lowered lowers lowering reduce reduces
reduced reducing shrink shrinks shrank narrow narrows narrowed narrowing trim trims trimmed retreat retreats retreated tank
tanks tanked dip dips dipped erode eroded
"""
_DOWN_MILD = "down low lows below lowest ease cool halve halved"


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


BURDENS = _set("""
loss losses cost costs debt debts deficit deficits unemployment jobless claims inflation expense expenses layoffs defaults
churn liabilities leverage delinquencies foreclosures taxes tax tariffs risk risks volatility complaints outages vacancies
emissions headcount shorts
""")
"""What is good when it falls: a word of movement near one of these turns its sign."""

NEGATIONS = _set("""
no not never without neither nor none nobody nothing hardly barely scarcely cannot can't won't don't doesn't didn't isn't
aren't wasn't weren't hasn't haven't hadn't wouldn't shouldn't couldn't ain't lack lacks lacked lacking fails failed unable
""")
INTENSIFIERS = _set("""
very strongly sharply significantly substantially dramatically massively hugely highly extremely steeply deeply heavily record
huge massive big biggest major severe severely sharp steep far much considerably well double-digit all-time
""")
DIMINISHERS = _set("""
slightly somewhat modestly marginally little bit mildly modest slight partly partially gradually less nearly almost moderately
minor
""")


def _weighted(*groups: tuple[str, float]) -> dict[str, float]:
    return {word: weight for text, weight in groups for word in text.split()}


MOVES = _weighted(
    (_UP_MILD, MILD),
    (_UP, PLAIN),
    (_UP_STRONG, STRONG),
    (_DOWN_MILD, -MILD),
    (_DOWN, -PLAIN),
    (_DOWN_STRONG, -STRONG),
)
"""Words of movement: the sign is the direction, and the news where nothing says what moves."""

WEIGHTS = _weighted(
    (_GOOD_MILD, MILD),
    (_GOOD, PLAIN),
    (_GOOD_STRONG, STRONG),
    (_BAD_MILD, -MILD),
    (_BAD, -PLAIN),
    (_BAD_STRONG, -STRONG),
) | dict.fromkeys(("loss", "losses", "debt", "deficit", "deficits", "unemployment"), -PLAIN)
"""Words that are good or bad news by themselves."""
