package text

import "strings"

// The word lists are plain words, blanks apart.
const (
	stopWords = `a about above across after again against all almost along already also although always am among an and another any anyone
anything are aren't around as at away back be became because become been before behind being below between both but by came can can't
cannot could couldn't did didn't do does doesn't doing don't done down during each either else enough even ever every everyone everything
few for from further gave get gets give given go goes going gone got had hadn't has hasn't have haven't having he her here hers herself him
himself his how however i if in indeed instead into is isn't it it's its itself just keep kept least less let like made make makes many may
maybe me might mine more most much must mustn't my myself near neither never next no nobody none nor not nothing now of off often on once
one only onto or other others otherwise our ours ourselves out over own per perhaps please put quite rather really same say says see seem
seemed seems several shall she should shouldn't since so some someone something sometimes still such take taken than that that's the their
theirs them themselves then there therefore these they they're this those though three through throughout thus to together too took toward
towards two under until up upon us use used uses using very via was wasn't we well went were weren't what when whenever where wherever
whether which while who whoever whole whom whose why will with within without won't would wouldn't yet you your yours yourself`
	positiveWords = `able accurate achieve achieved achievement advantage agree agreed approve approved attractive beneficial benefit benefits best
better calm celebrate clean clear comfortable commend compliant confident convenient correct delight delighted dependable easy effective
efficient encouraging enjoy enjoyed excellent exceptional fair fast favorable favourable flawless friendly gain gained generous glad good
great growth happy healthy helpful honest ideal improve improved improvement improvements impressed impressive innovative outstanding pass
passed perfect perfectly pleasant pleased positive praise productive profit profitable prompt proud quick recommend reliable resolved
reward robust safe satisfied satisfying secure smooth smoothly solid solved stable strong succeed succeeded success successful successfully
superb superior support supportive terrific thank thanks thorough thrive timely trust trusted useful valuable welcome win won wonderful
worked works`
	negativeWords = `abuse accident afraid anger angry annoyed annoying awful bad badly bankrupt blame blocked breach broke broken bug bugs cancel
cancelled complain complained complaint complaints confused confusing conflict crash crashed critical damage damaged danger dangerous dead
defect defective defects delay delayed delays denied deny difficult difficulty dirty disappointed disappointing disaster dispute error
errors expensive fail failed failing fails failure failures false fault faulty fear fine fined fraud frustrated frustrating harm harmful
hazard hostile illegal inaccurate incident incidents incomplete inconsistent incorrect ineffective inefficient injury insufficient invalid
issue issues lack lacked lacking late lawsuit leak lose losing loss losses lost mediocre mess missed missing mistake mistakes negative
neglect obsolete outage overdue painful penalty poor poorly problem problems refuse refused reject rejected risk risks risky rude sad scam
severe shortage slow slowly terrible threat trouble ugly unable unacceptable unclear unfair unhappy unreliable unsafe unsatisfied unstable
upset useless violate violated violation violations vulnerable warning waste wasted weak weakness worried worse worst wrong`
	negatingWords = `not no never neither nor none nobody nothing without cannot can't don't doesn't didn't isn't aren't wasn't weren't won't wouldn't
couldn't shouldn't hasn't haven't hadn't hardly barely`
)

var stops = set(stopWords) //nolint:gochecknoglobals // a read-only table

var positives = set(positiveWords) //nolint:gochecknoglobals // a read-only table

var negatives = set(negativeWords) //nolint:gochecknoglobals // a read-only table

var negators = set(negatingWords) //nolint:gochecknoglobals // a read-only table

func set(words string) map[string]struct{} {
	out := map[string]struct{}{}
	for _, w := range strings.Fields(words) {
		out[w] = struct{}{}
	}
	return out
}

func stopWord(w string) bool {
	_, ok := stops[w]
	return ok
}

func negator(w string) bool {
	_, ok := negators[w]
	return ok
}

// lexicon says whether a word is a positive one; ok is false for a word without a feeling.
func lexicon(w string) (positive, ok bool) {
	if _, ok = positives[w]; ok {
		return true, true
	}
	_, ok = negatives[w]
	return false, ok
}
