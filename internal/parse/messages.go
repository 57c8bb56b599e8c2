package parse

// The fields of the messages in io/prometheus/client/metrics.proto as tags: number and wire type.
const (
	familyName   = 1<<3 | bytesType
	familyHelp   = 2<<3 | bytesType
	familyType   = 3<<3 | varintType
	familyMetric = 4<<3 | bytesType
	familyUnit   = 5<<3 | bytesType

	metricLabel     = 1<<3 | bytesType
	metricGauge     = 2<<3 | bytesType
	metricCounter   = 3<<3 | bytesType
	metricSummary   = 4<<3 | bytesType
	metricUntyped   = 5<<3 | bytesType
	metricTimestamp = 6<<3 | varintType
	metricHistogram = 7<<3 | bytesType

	labelName  = 1<<3 | bytesType
	labelValue = 2<<3 | bytesType

	numberValue     = 1<<3 | fixed64Type // in Gauge, Counter and Untyped
	counterExemplar = 2<<3 | bytesType
	counterCreated  = 3<<3 | bytesType

	sampleCount = 1<<3 | varintType // in Summary and Histogram
	sampleSum   = 2<<3 | fixed64Type

	summaryQuantile = 3<<3 | bytesType
	summaryCreated  = 4<<3 | bytesType
	quantileRank    = 1<<3 | fixed64Type
	quantileValue   = 2<<3 | fixed64Type

	histogramBucket        = 3<<3 | bytesType
	histogramCountFloat    = 4<<3 | fixed64Type
	histogramSchema        = 5<<3 | varintType
	histogramZeroThreshold = 6<<3 | fixed64Type
	histogramZeroCount     = 7<<3 | varintType
	histogramZeroFloat     = 8<<3 | fixed64Type
	negativeSpan           = 9<<3 | bytesType
	negativeDelta          = 10<<3 | varintType
	negativeDeltas         = 10<<3 | bytesType // packed
	negativeCount          = 11<<3 | fixed64Type
	negativeCounts         = 11<<3 | bytesType
	positiveSpan           = 12<<3 | bytesType
	positiveDelta          = 13<<3 | varintType
	positiveDeltas         = 13<<3 | bytesType
	positiveCount          = 14<<3 | fixed64Type
	positiveCounts         = 14<<3 | bytesType
	histogramCreated       = 15<<3 | bytesType
	histogramExemplar      = 16<<3 | bytesType

	bucketCount      = 1<<3 | varintType
	bucketBound      = 2<<3 | fixed64Type
	bucketExemplar   = 3<<3 | bytesType
	bucketCountFloat = 4<<3 | fixed64Type

	spanOffset = 1<<3 | varintType
	spanLength = 2<<3 | varintType

	exemplarLabel     = 1<<3 | bytesType
	exemplarValue     = 2<<3 | fixed64Type
	exemplarTimestamp = 3<<3 | bytesType

	timestampSeconds = 1<<3 | varintType
	timestampNanos   = 2<<3 | varintType
)
