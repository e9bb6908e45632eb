package retrain

import "errors"

// ErrBusy says that another run retrains the same model.
var ErrBusy = errors.New("another retraining of this model is running")

// lockPath is the file whose lock is held while a model is retrained. It stays where it is: whoever
// removes a locked file lets a third run lock a new one.
func lockPath(model string) string { return model + ".lock" }
