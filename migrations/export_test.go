package migrations

// What the tests need from inside; they live outside since dbtest, which they use, imports this package.
const ForbidParallelBuilds = forbidParallelBuilds

var Explain = explain
