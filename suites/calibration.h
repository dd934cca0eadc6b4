// What multiple-choice answers show beside their accuracy: whether a model is as sure as it is
// right, whether it prefers a letter, and how far an accuracy can be trusted whose questions share
// a passage or a subject.
#pragma once

#include <span>
#include <vector>

#include "suites/grading.h"

namespace moe {

/// For the whole (scope "") and each of the suite's [groups]:
///
///   ece                   expected calibration error (Guo et al. 2017, arXiv:1706.04599): 15 bins
///                         of equal width over the answer's confidence, which is the softmax of the
///                         choices' log-likelihoods; the mean over questions of how far a bin's
///                         accuracy is from its mean confidence
///   letter_bias           half the sum over choices of how far the share of answers is from that
///                         of golds (total variation); answer_share and gold_share of each choice
///                         have the scope "choice.A". Only where all questions have the same
///                         choices to answer by, as letters or yes and no
///   acc_stderr_clustered  standard error of acc where questions have clusters, and of what else
///                         [score] asks for; its n are the clusters. lm-evaluation-harness's
///                         stays the value's own
///
/// Both ece and letter_bias are means over questions once the sign of each bin or letter is given:
/// their intervals are 1.96 standard errors of such a mean, clustered where questions are.
std::vector<Value> calibration_values(const Suite&, std::span<const Graded>,
                                      std::span<const Answer>);

}  // namespace moe
