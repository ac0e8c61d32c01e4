using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

#pragma warning disable RS0030 // what is measured is the way that this project does not go

namespace MLSieve.Speed;

/// <summary>A training loop as TorchSharp's examples write it: its own layers and optimiser, and tensors stored channels first.</summary>
internal sealed class TorchSharpLoop : IDisposable
{
    private const int Classes = 10;
    private readonly nn.Module<Tensor, Tensor> _network;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _pixels, _labels;

    /// <param name="kind">ConvNet 32-64-128 or ResNet18.</param>
    /// <param name="side">The side of an image in pixels.</param>
    /// <param name="rows">Rows of a batch.</param>
    /// <param name="device">Where it trains.</param>
    public TorchSharpLoop(Microsoft.ML.EarlyReadout.NetworkKind kind, int side, int rows, Device device)
    {
        Microsoft.ML.EarlyReadout.NativeBackend.EnsureConvolves();
        _network = kind == Microsoft.ML.EarlyReadout.NetworkKind.ConvNet ? ConvNet() : new ResNet();
        _network.to(device);
        _network.train();
        _optimizer = optim.SGD(_network.parameters(), 1e-3, momentum: 0.9, weight_decay: 1e-4);
        _pixels = randint(0, 256, [rows, 3, side, side], ScalarType.Byte, device);
        _labels = randint(0, Classes, [rows], ScalarType.Int64, device);
    }

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            _optimizer.zero_grad();
            Tensor images = _pixels.to(ScalarType.Float32).div(Microsoft.ML.EarlyReadout.Training.Scalars.Of(255));
            F.cross_entropy(_network.call(images), _labels).backward();
            _optimizer.step();
        }

        if (_pixels.device_type == DeviceType.CUDA) cuda.synchronize();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
        _pixels.Dispose();
        _labels.Dispose();
    }

    private static Sequential ConvNet()
    {
        List<nn.Module<Tensor, Tensor>> layers = [];
        int width = 3;
        foreach (int outputs in new[] { 32, 64, 128 })
        {
            layers.AddRange([
                nn.Conv2d(width, outputs, 3, padding: 1, bias: false), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2, 2),
            ]);
            width = outputs;
        }

        return nn.Sequential([.. layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, Classes)]);
    }

    private sealed class ResNet : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _layers;

        public ResNet() : base("ResNet")
        {
            List<nn.Module<Tensor, Tensor>> layers =
                [nn.Conv2d(3, 64, 7, 2, 3, bias: false), nn.BatchNorm2d(64), nn.ReLU(inplace: true), nn.MaxPool2d(3, 2, 1)];
            int width = 64;
            foreach (int outputs in new[] { 64, 128, 256, 512 })
            {
                layers.AddRange([new Block(width, outputs, outputs == 64 ? 1 : 2), new Block(outputs, outputs, 1)]);
                width = outputs;
            }

            _layers = nn.Sequential([.. layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, Classes)]);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _layers.call(input);
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _body, _skip;

        public Block(int inputs, int outputs, int stride) : base("Block")
        {
            _body = nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, stride, 1, bias: false), nn.BatchNorm2d(outputs), nn.ReLU(inplace: true),
                nn.Conv2d(outputs, outputs, 3, 1, 1, bias: false), nn.BatchNorm2d(outputs));
            _skip = stride == 1 && inputs == outputs
                ? nn.Identity()
                : nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias: false), nn.BatchNorm2d(outputs));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _body.call(input).add(_skip.call(input)).relu_();
    }
}
