// What is tuned. One constant a line.
#pragma once

constexpr int kContext = 3;              // symbols that the network sees
constexpr int kHidden = 16;              // units of the hidden layer
constexpr int kDirect = 0;               // of the seen symbols, how many also go straight to the output
constexpr int kBatch = 64;               // examples a step
constexpr double kLearningRate = 0.02;
constexpr double kWarmdown = 0.0;        // last part of training in which the rate falls to 0
constexpr double kInitScale = 0.3;       // standard deviation of the first weights
constexpr double kWeightDecay = 0.0;     // a step takes this times the rate off each weight
constexpr double kMomentum = 0.0;
constexpr double kOnlineRate = 0.0;      // learning rate while predicting; 0: the model stands still
constexpr double kCacheWeight = 0.0;     // share of a model that copies what followed the same symbols before
constexpr int kCacheOrder = 4;           // how many symbols must be the same
