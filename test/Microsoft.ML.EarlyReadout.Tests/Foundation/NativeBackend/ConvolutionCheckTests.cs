using System.Runtime.InteropServices;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class ConvolutionCheckTests
{
    private const string Instructions = "ONEDNN_MAX_CPU_ISA";
    private static readonly int[] _channels = [1, 3, 5, 8, 9, 12, 16, 24, 30, 32, 48, 100];

    [Fact]
    public void Convolutions_of_any_channels_are_right_once_they_are_checked() => CheckRandomConvolutions();

    [Fact]
    public void Where_nobody_chose_the_instructions_oneDNN_computes_and_rightly() =>
        OwnProcess.Run<Child>(nameof(Child.Without_a_choice), (Instructions, null));

    [Fact]
    public void Instructions_that_someone_chose_stay_chosen() =>
        OwnProcess.Run<Child>(nameof(Child.With_a_choice), (Instructions, "AVX2"));

    [Fact]
    public void What_does_not_convolve_keeps_the_newest_instructions_and_its_products_are_right() =>
        OwnProcess.Run<Child>(nameof(Child.Products_first), (Instructions, null));

    [Theory]
    [InlineData("SSE41")]
    [InlineData("AVX")]
    [InlineData("AVX512_CORE")]
    public void Products_and_convolutions_are_right_by_the_instructions_that_someone_chose(string chosen) =>
        OwnProcess.Run<Child>(nameof(Child.Products_and_convolutions), (Instructions, chosen));

    [Fact]
    public void A_kernel_of_one_pixel_steps_over_few_channels_without_writing_where_it_must_not() =>
        OwnProcess.Run<Child>(nameof(Child.Few_channels_stepped_over), (Instructions, "AVX2"));

    [Theory]
    [InlineData(nameof(Child.Without_gradients))]
    [InlineData(nameof(Child.In_inference_mode))]
    public void The_first_network_may_be_built_where_no_gradients_are_recorded(string child) => OwnProcess.Run<Child>(child);

    [Fact]
    public void Whoever_is_told_that_oneDNN_is_wrong_computes_without_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the handle of libtorch is not known.");
        NativeBackend.EnsureConvolves();
        bool isWrong = NativeBackend.ConvolutionFinding?.Contains("oneDNN convolves wrongly", StringComparison.Ordinal) == true;
        Assert.Equal(!isWrong, IsOneDnnUsed());
    }

    private static void CheckRandomConvolutions()
    {
        NativeBackend.EnsureConvolves();
        var random = new Random(5);
        using var generator = new Generator(5);
        for (int i = 0; i < 60; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            int channels = random.GetItems(_channels, 1)[0], filters = random.GetItems(_channels, 1)[0];
            int side = random.Next(4, 20), kernel = random.GetItems([1, 3, 5], 1)[0], stride = random.Next(1, 3);
            Tensor input = Normal(random.Next(1, 12), channels, side, side), weights = Normal(filters, channels, kernel, kernel);
            Tensor single = Gradients(input, weights), known = Gradients(input.@double(), weights.@double());
            double difference = known.sub(single).abs().max().ToDouble(), largest = known.abs().max().ToDouble();
            Assert.True(difference <= 1e-4 * largest, $"{channels} to {filters} channels, side {side}, kernel {kernel}, stride {stride}");

            Tensor Gradients(Tensor x, Tensor w)
            {
                (x, w) = (x.requires_grad_(), w.requires_grad_());
                Tensor result = nn.functional.conv2d(x, w, strides: [stride, stride], padding: [kernel / 2, kernel / 2]);
                IList<Tensor> gradients = autograd.grad([result], [x, w], [result.detach()]);
                return cat([result.detach().flatten(), gradients[0].flatten(), gradients[1].flatten()]).@double();
            }

            Tensor Normal(params long[] shape) => empty(shape).normal_(0, 1, generator);
        }
    }

    // In bfloat16 alone: libtorch leaves those in float32 to another library.
    private static void CheckRandomProducts()
    {
        NativeBackend.EnsureLoaded();
        var random = new Random(6);
        using var generator = new Generator(6);
        for (int i = 0; i < 60; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            int rows = random.Next(1, 400), inputs = random.Next(1, 400), outputs = random.Next(1, 400);
            Tensor input = Normal(rows, inputs), weights = Normal(outputs, inputs);
            Tensor known = matmul(input.@double(), weights.@double().t()), product = nn.functional.linear(input, weights).@double();
            double difference = known.sub(product).abs().max().ToDouble(), largest = known.abs().max().ToDouble();
            Assert.True(difference <= 1e-2 * largest, $"{rows} rows of {inputs} numbers, {outputs} outputs");
        }

        Tensor Normal(params long[] shape) => empty(shape).normal_(0, 1, generator).to(ScalarType.BFloat16);
    }

    private static unsafe bool IsOneDnnUsed()
    {
        var context = (delegate* unmanaged<IntPtr>)NativeLibrary.GetExport(NativeBackend.TorchCpu, "_ZN2at13globalContextEv");
        var used = (delegate* unmanaged<IntPtr, byte>)NativeLibrary.GetExport(
            NativeBackend.TorchCpu, "_ZNK2at7Context17userEnabledMkldnnEv");
        return used(context()) != 0;
    }

    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Without_a_choice()
        {
            CheckRandomConvolutions();
            Assert.True(!OperatingSystem.IsLinux() || IsOneDnnUsed(), NativeBackend.ConvolutionFinding);
            if (HiddenCaches.Are) Assert.Contains("oneDNN assumes some", NativeBackend.Description);
            if (HiddenCaches.Are) Assert.Null(ConvolutionCheck.MostInstructions); // all of them are right once it does
        }

        [Fact(Explicit = true)]
        public void With_a_choice()
        {
            CheckRandomConvolutions();
            CheckRandomProducts();
            Assert.Equal("AVX2", LibC.GetEnvironmentVariable(Instructions));
        }

        [Fact(Explicit = true)]
        public void Without_gradients()
        {
            NativeBackend.EnsureLoaded();
            using (no_grad()) NativeBackend.EnsureConvolves();
            CheckRandomConvolutions();
        }

        [Fact(Explicit = true)]
        public void In_inference_mode()
        {
            NativeBackend.EnsureLoaded();
            using (inference_mode()) NativeBackend.EnsureConvolves();
            CheckRandomConvolutions();
        }

        [Fact(Explicit = true)]
        public void Products_first()
        {
            CheckRandomProducts();
            Assert.True(!OperatingSystem.IsLinux() || LibC.GetEnvironmentVariable(Instructions) is null);
            CheckRandomConvolutions(); // by oneDNN, which has begun with its newest code, or without it
        }

        [Fact(Explicit = true)]
        public void Products_and_convolutions()
        {
            CheckRandomProducts();
            CheckRandomConvolutions();
        }

        [Fact(Explicit = true)]
        public void Few_channels_stepped_over()
        {
            using var generator = new Generator(7);
            for (int i = 0; i < 300; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                int channels = 2 + i % 6, side = 3 + i % 20;
                using var stepped = new Conv2d(channels, 5 + i % 60, kernel: 1, stride: 2);
                stepped.Initialize(generator);
                stepped.SetChannelsLast(true);
                Tensor input = empty(9, side, side, channels).normal_(0, 1, generator).permute(0, 3, 1, 2).requires_grad_();
                Tensor weights = stepped.named_parameters().Single(named => named.name == "weight").parameter, result = stepped.call(input);
                result.backward([result.detach()]);
                Tensor known = nn.functional.conv2d(input.detach().@double(), weights.detach().@double(), strides: [2, 2]);
                Assert.True(known.sub(result.detach().@double()).abs().max().ToDouble() < 1e-4);
                Assert.Equal(input.shape, input.grad!.shape);
            }
        }
    }
}
