package dns

func newBus() bus { return noBus{} }
