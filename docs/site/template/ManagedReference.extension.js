// DocFX takes each part of a name below Microsoft for a namespace of Microsoft's pages. Ours are here.
exports.preTransform = function (model) {
  return model;
};

exports.postTransform = function (model) {
  if (model.namespace && model.namespace.uid) {
    var name = model.namespace.uid;
    model.namespace.specName = [{ value: '<a class="xref" href="' + name + '.html">' + name + '</a>' }];
  }
  return model;
};
