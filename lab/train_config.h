// What is to be trained, and how: a TOML file. Unknown keys are errors that name the line.
//
//   name, config, tokenizer, seed        config and tokenizer are files, relative to the TOML's
//   [data]       corpus, corpus_seed, tokens, row_tokens, rows
//   [optimizer]  learning_rate (a list is a grid), beta1, beta2, epsilon, weight_decay, clip,
//                warmup_steps, final_share
//   [router]     balance, z, jitter, capacity
//   [run]        threads, evaluate_every, checkpoint_minutes, dtype
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>
#include <nlohmann/json.hpp>

#include "models/config.h"

namespace moe {

struct DataSettings {
  std::string corpus = "world";
  std::int64_t corpus_seed = 1;
  std::int64_t tokens = 0;       // of the whole training; the last step is a whole one
  std::int64_t row_tokens = 64;  // T, predicted in each row
  std::int64_t rows = 32;        // B, of a step
};

/// AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) under a linear warm-up and a half cosine.
struct OptimizerSettings {
  std::vector<double> learning_rates;  // at the top of the schedule; each is trained
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.1;  // of matrices, embedding and router; not of norms and biases
  double clip = 1;            // of the gradient's norm over all parameters
  std::int64_t warmup_steps = 100;
  double final_share = 0.05;  // of the learning rate, at the last step
};

/// What a mixture's router is trained with beside the loss of the text, for each layer.
struct RouterSettings {
  double balance = 0.01;  // times E sum_e f_e P_e (Fedus et al. 2021, arXiv:2101.03961, eq. 4)
  double z = 1e-3;        // times mean(logsumexp(logits)^2) (Zoph et al. 2022, arXiv:2202.08906)
  double jitter = 0;      // the router's input times uniform(1 - jitter, 1 + jitter) (Fedus et al.)
  double capacity = 0;    // tokens an expert takes, as a multiple of T K / E, rounded up; 0: all
};

struct RunSettings {
  std::int64_t threads = 1;
  std::int64_t evaluate_every = 250;  // steps
  double checkpoint_minutes = 1;
  DType dtype = DType::bf16;  // of the checkpoint that is left
};

struct TrainConfig {
  std::string name;
  Json model_json;  // config.json
  Config model;
  std::filesystem::path tokenizer;  // tokenizer.json
  std::int64_t seed = 0;            // of the first weights and the router's noise
  DataSettings data;
  OptimizerSettings optimizer;
  RouterSettings router;
  RunSettings run;
  std::string toml;      // all settings, defaults included, in an order of its own
  std::string decisive;  // the same, but for what changes neither the weights nor the curve, and
                         // the learning rates: a grid may grow without training anew
};

/// KEY and VALUE of `--set data.tokens=1000000`, the value as TOML.
using TrainSetting = std::pair<std::string, std::string>;

/// Error names file, line and key, what was expected and what was found.
TrainConfig read_train_config(const std::filesystem::path&, const std::vector<TrainSetting>&);

}  // namespace moe
