// The handlers of ../handlers.py on the official Go SDK, served as its documentation shows.
//
// The load generator knows what each handler has to answer; change all languages together.
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
)

func greet(ctx restate.Context, name string) (string, error) {
	return fmt.Sprintf("Hello %s!", name), nil
}

// Go has no plain functions beside coroutines, so `three_plain` is this as well.
func three(ctx restate.Context, number int) (int, error) {
	for _, name := range []string{"one", "two", "three"} {
		var err error
		if number, err = restate.Run(ctx, successor(number), restate.WithName(name)); err != nil {
			return 0, err
		}
	}
	return number, nil
}

func wait(ctx restate.Context, _ restate.Void) (string, error) {
	awakeable := restate.Awakeable[string](ctx)
	resolution, err := awakeable.Result()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s", awakeable.Id(), resolution), nil
}

func replay(ctx restate.Context, numbers [2]int) (int, error) {
	count, total := numbers[0], numbers[1]
	for range count {
		value, err := restate.Run(ctx, successor(0), restate.WithName("entry"))
		if err != nil {
			return 0, err
		}
		total += value
	}
	return total, nil
}

func runThenWait(ctx restate.Context, number int) (string, error) {
	number, err := restate.Run(ctx, successor(number), restate.WithName("one"))
	if err != nil {
		return "", err
	}
	resolution, err := restate.Awakeable[string](ctx).Result()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %s", number, resolution), nil
}

func echo(ctx restate.Context, value []byte) ([]byte, error) {
	return value, nil
}

func successor(number int) func(restate.RunContext) (int, error) {
	return func(restate.RunContext) (int, error) { return number + 1, nil }
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	bench := restate.NewService("Bench").
		Handler("greet", restate.NewServiceHandler(greet)).
		Handler("three", restate.NewServiceHandler(three)).
		Handler("three_plain", restate.NewServiceHandler(three)).
		Handler("wait", restate.NewServiceHandler(wait)).
		Handler("replay", restate.NewServiceHandler(replay)).
		Handler("run_then_wait", restate.NewServiceHandler(runThenWait)).
		Handler("echo", restate.NewServiceHandler(echo, restate.WithBinary))
	// By default it logs a line for each invocation; the others do not.
	quiet := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})
	if err := server.NewRestate().WithLogger(quiet, true).Bind(bench).Start(ctx, "127.0.0.1:"+os.Args[1]); err != nil {
		log.Fatal(err)
	}
}
