using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void A_constant_schedule_never_changes_the_rate()
    {
        var schedule = new LearningRateSchedule(
            new ScheduleOptions { Kind = ScheduleKind.Constant, WarmUpSteps = 0 }, stepsPerEpoch: 10, steps: 30);
        for (long step = 0; step < 30; step++) Assert.Equal(1.0, schedule.Factor(step));
    }

    [Fact]
    public void Warm_up_rises_linearly_to_the_full_rate_and_every_step_moves()
    {
        var schedule = new LearningRateSchedule(new ScheduleOptions { Kind = ScheduleKind.Constant, WarmUpSteps = 4 }, 10, 10);
        Assert.Equal([0.25, 0.5, 0.75, 1, 1], Enumerable.Range(0, 5).Select(step => schedule.Factor(step)));
    }

    [Fact]
    public void A_step_schedule_multiplies_the_rate_every_so_many_epochs()
    {
        var schedule = new LearningRateSchedule(
            new ScheduleOptions { Kind = ScheduleKind.Step, WarmUpSteps = 0, StepEpochs = 2, StepFactor = 0.1 }, 10, 60);
        Assert.Equal(1, schedule.Factor(19), 12);
        Assert.Equal(0.1, schedule.Factor(20), 12);
        Assert.Equal(0.01, schedule.Factor(45), 12);
    }

    [Fact]
    public void A_cosine_schedule_falls_from_one_over_a_half_to_zero()
    {
        var schedule = new LearningRateSchedule(new ScheduleOptions { Kind = ScheduleKind.Cosine, WarmUpSteps = 10 }, 10, 110);
        Assert.Equal(1, schedule.Factor(10), 12);
        Assert.Equal(0.5, schedule.Factor(60), 12);
        Assert.Equal(0, schedule.Factor(110), 12);
    }

    [Fact]
    public void A_linear_schedule_falls_in_a_straight_line_to_zero_after_the_warm_up()
    {
        var schedule = new LearningRateSchedule(new ScheduleOptions { Kind = ScheduleKind.Linear, WarmUpSteps = 10 }, 10, 110);
        Assert.Equal(0.5, schedule.Factor(4), 12);
        Assert.Equal([1, 0.75, 0.5, 0.01, 0], new long[] { 10, 35, 60, 109, 110 }.Select(step => Math.Round(schedule.Factor(step), 12)));
    }

    [Fact]
    public void A_cosine_schedule_over_steps_ends_where_they_do_in_the_middle_of_an_epoch()
    {
        var schedule = new LearningRateSchedule(new ScheduleOptions { Kind = ScheduleKind.Cosine, WarmUpSteps = 0 }, 10, 25);
        Assert.Equal(0.5, schedule.Factor(12) / 2 + schedule.Factor(13) / 2, 12);
        Assert.Equal(0.5 * (1 + Math.Cos(Math.PI * 24 / 25)), schedule.Factor(24), 12);
        Assert.Equal(0, schedule.Factor(25), 12);
    }
}
